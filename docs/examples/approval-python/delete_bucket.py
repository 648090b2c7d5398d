"""A worker whose workflow deletes a folder once somebody has agreed in Slack.

pip install temporalio
TEMPORAL_ADDRESS=127.0.0.1:7233 TEMPORAL_NAMESPACE=default python delete_bucket.py
"""

import asyncio
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker


@activity.defn
def delete_bucket(name: str) -> None:
    shutil.rmtree(name, ignore_errors=True)


@workflow.defn
class DeleteBucket:
    @workflow.run
    async def run(self, name: str) -> str:
        answer = await workflow.execute_child_workflow(
            "requestApproval",
            {"title": f"Delete the bucket {name}", "about": "Nobody has read it for a year.", "from": ["team_lead"]},
            task_queue="signalbox",
        )
        if answer["decision"] != "approved":
            return answer["decision"]
        await workflow.execute_activity(delete_bucket, name, start_to_close_timeout=timedelta(minutes=1))
        return "deleted, as {} agreed".format(answer["votes"][0]["by"])


async def main() -> None:
    client = await Client.connect(
        os.environ.get("TEMPORAL_ADDRESS", "127.0.0.1:7233"),
        namespace=os.environ.get("TEMPORAL_NAMESPACE", "default"),
    )
    worker = Worker(
        client,
        task_queue="buckets-python",
        workflows=[DeleteBucket],
        activities=[delete_bucket],
        activity_executor=ThreadPoolExecutor(4),
    )
    await worker.run()


if __name__ == "__main__":
    asyncio.run(main())
