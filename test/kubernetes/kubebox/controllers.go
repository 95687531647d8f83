package main

import (
	"context"
	"fmt"

	kcm "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

// What Deployments, Services, namespaces and service accounts need; nothing for nodes, volumes or clouds.
const defaultControllers = "deployment-controller,replicaset-controller,endpointslice-controller,endpoints-controller," +
	"endpointslice-mirroring-controller,namespace-controller,serviceaccount-controller,serviceaccount-token-controller," +
	"root-ca-certificate-publisher-controller,garbage-collector-controller,clusterrole-aggregation-controller"

func runControllers(ctx context.Context, f files, names string) error {
	command := kcm.NewControllerManagerCommand()
	command.SetArgs([]string{
		"--kubeconfig=" + f.kubeconfig("controllers"),
		"--controllers=" + names,
		"--leader-elect=false",
		// Without it every controller is the user of the kubeconfig, whose role has not what they need.
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + f.key("sa"), "--root-ca-file=" + f.certificate("ca"),
		"--bind-address=127.0.0.1", "--secure-port=0",
		"--kube-api-qps=200", "--kube-api-burst=400", "--concurrent-namespace-syncs=10",
		"--profiling=false",
	})
	return fmt.Errorf("kube-controller-manager: %w", command.ExecuteContext(ctx))
}
