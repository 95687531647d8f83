package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
	cliflag "k8s.io/component-base/cli/flag"
	logsapi "k8s.io/component-base/logs/api/v1"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	apioptions "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

func apiServerArguments(o options, f files, etcd string) []string {
	args := []string{
		"--etcd-servers=" + etcd,
		"--bind-address=" + o.address, "--advertise-address=" + o.address,
		"--tls-cert-file=" + f.certificate("apiserver"), "--tls-private-key-file=" + f.key("apiserver"),
		"--client-ca-file=" + f.certificate("ca"),
		"--authorization-mode=RBAC", "--anonymous-auth=true",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + f.key("sa"), "--service-account-signing-key-file=" + f.key("sa"),
		"--service-cluster-ip-range=" + o.serviceRange,
		"--profiling=false",
	}
	if _, err := os.Stat(f.tokens()); err == nil {
		args = append(args, "--token-auth-file="+f.tokens())
	}
	if net.ParseIP(o.address).IsLoopback() {
		// The API server publishes its own address as Endpoints of the Service `kubernetes`, but refuses 127.0.0.0/8 there.
		args = append(args, "--endpoint-reconciler-type=none")
	}
	return append(args, strings.Fields(o.apiServerFlags)...)
}

// serveAPI is NewAPIServerCommand without cobra, without its signal handler for the whole process, on a listener of ours.
func serveAPI(ctx context.Context, listener net.Listener, args []string) error {
	// Two components in one process set the options for logging: the second time must not be an error.
	logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged
	s := apioptions.NewServerRunOptions()
	s.SecureServing.Listener = listener
	s.SecureServing.BindPort = listener.Addr().(*net.TCPAddr).Port
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	flags.SetNormalizeFunc(cliflag.WordSepNormalizeFunc)
	named := s.Flags()
	for _, set := range named.FlagSets {
		flags.AddFlagSet(set)
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := s.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return err
	}
	completed, err := s.Complete(ctx)
	if err != nil {
		return err
	}
	if problems := completed.Validate(); len(problems) != 0 {
		return fmt.Errorf("kube-apiserver's options: %v", problems)
	}
	if err := apiserver.Run(ctx, completed); err != nil {
		return fmt.Errorf("kube-apiserver: %w", err)
	}
	return nil
}

func waitUntilReady(ctx context.Context, url string, f files, failed <-chan error, limit time.Duration) error {
	authority, err := os.ReadFile(f.certificate("ca"))
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	client := &http.Client{
		Timeout:   2 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}},
	}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	last := "no answer"
	for {
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
			return fmt.Errorf("kube-apiserver is not ready after %s: %s", limit, last)
		case <-time.After(25 * time.Millisecond):
		}
		answer, err := client.Get(url)
		if err != nil {
			last = err.Error()
			continue
		}
		body, _ := io.ReadAll(io.LimitReader(answer.Body, 4096))
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return nil
		}
		last = string(body)
	}
}
