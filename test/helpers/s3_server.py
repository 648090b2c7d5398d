"""An S3 server that checks signatures and rights: one user may use buckets, another may do nothing. Prints their keys."""

import json
import logging
import os
import sys

os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

logging.getLogger("werkzeug").setLevel(logging.ERROR)

import boto3
from moto.core import set_initial_no_auth_action_count
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

everything = {"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://{host}:{port}"


def client(service, access, secret):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=access,
        aws_secret_access_key=secret,
    )


def user(name, policy):
    iam = client("iam", "first", "first")
    iam.create_user(UserName=name)
    if policy:
        document = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"accessKey": key["AccessKeyId"], "secretKey": key["SecretAccessKey"]}


keeper = user("keeper", everything)
nobody = user("nobody", None)
client("s3", "first", "first").create_bucket(Bucket="signalbox-logs")


@set_initial_no_auth_action_count(0)
def serve():
    """From here on every request has to be signed by somebody who may."""
    print(json.dumps({"endpoint": endpoint, "keeper": keeper, "nobody": nobody}), flush=True)
    sys.stdin.read()


serve()
server.stop()
