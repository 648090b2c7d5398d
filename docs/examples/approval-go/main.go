// A worker whose workflow deletes a folder once somebody has agreed in Slack.
//
//	TEMPORAL_ADDRESS=127.0.0.1:7233 TEMPORAL_NAMESPACE=default go run .
package main

import (
	"context"
	"log"
	"os"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

func DeleteFolder(_ context.Context, name string) error {
	return os.RemoveAll(name)
}

func DeleteBucket(ctx workflow.Context, name string) (string, error) {
	asking := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{TaskQueue: "signalbox"})
	ask := map[string]any{
		"title": "Delete the bucket " + name,
		"about": "Nobody has read it for a year.",
		"from":  []string{"team_lead"},
	}
	var answer struct {
		Decision string `json:"decision"`
		Votes    []struct {
			By string `json:"by"`
		} `json:"votes"`
	}
	if err := workflow.ExecuteChildWorkflow(asking, "requestApproval", ask).Get(ctx, &answer); err != nil {
		return "", err
	}
	if answer.Decision != "approved" {
		return answer.Decision, nil
	}
	doing := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	if err := workflow.ExecuteActivity(doing, DeleteFolder, name).Get(ctx, nil); err != nil {
		return "", err
	}
	return "deleted, as " + answer.Votes[0].By + " agreed", nil
}

func main() {
	connection, err := client.Dial(client.Options{
		HostPort:  os.Getenv("TEMPORAL_ADDRESS"),
		Namespace: os.Getenv("TEMPORAL_NAMESPACE"),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	buckets := worker.New(connection, "buckets-go", worker.Options{})
	buckets.RegisterWorkflow(DeleteBucket)
	buckets.RegisterActivity(DeleteFolder)
	if err := buckets.Run(worker.InterruptCh()); err != nil {
		log.Fatal(err)
	}
}
