// kubebox: etcd, kube-apiserver and kube-controller-manager in one program, for tests. No nodes, no kubelet, no scheduler:
// objects, watches, authentication and RBAC are the real thing, Pods never run. README.md says how to use it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata"

	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
)

// options are the flags.
type options struct {
	dir            string
	address        string
	port           int
	serviceRange   string
	controllers    string
	apiServerFlags string
	endWithStdin   bool
}

func main() {
	var o options
	flag.StringVar(&o.dir, "dir", "", "state folder, one a cluster; what a run before left there is gone on with")
	flag.StringVar(&o.address, "address", "127.0.0.1", "IP address that kube-apiserver listens on")
	flag.IntVar(&o.port, "port", 0, "its port; 0: a free one")
	flag.StringVar(&o.serviceRange, "service-range", "10.96.0.0/16", "range of the Services' own addresses, IPv4")
	flag.StringVar(&o.controllers, "controllers", defaultControllers, "controllers of kube-controller-manager; empty: none")
	flag.StringVar(&o.apiServerFlags, "apiserver-flags", "", "further flags of kube-apiserver, separated by spaces")
	flag.BoolVar(&o.endWithStdin, "end-with-stdin", false, "end when standard input does: with the process that holds its other end")
	flag.Parse()
	if o.dir == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "kubebox:", err)
		os.Exit(1)
	}
}

// run serves until a signal, the end of standard input or the failure of a component.
func run(o options) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if o.endWithStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	say := speaker()
	ready := filepath.Join(o.dir, "ready")
	if err := os.Remove(ready); err != nil && !os.IsNotExist(err) {
		return err
	}
	// The port is taken here, so that 0 is enough and nobody else gets it before the server listens.
	listener, err := net.Listen("tcp", net.JoinHostPort(o.address, fmt.Sprint(o.port)))
	if err != nil {
		return err
	}
	url := "https://" + listener.Addr().String()
	files, err := writeFiles(o, url)
	if err != nil {
		return err
	}
	say("certificates written")

	etcd, err := startEtcd(filepath.Join(o.dir, "etcd"), filepath.Join(o.dir, "etcd.sock"))
	if err != nil {
		return err
	}
	say("etcd ready")

	failed := make(chan error, 2)
	go func() { failed <- serveAPI(ctx, listener, apiServerArguments(o, files, etcd)) }()
	if err := waitUntilReady(ctx, url+"/readyz", files, failed, 90*time.Second); err != nil {
		return err
	}
	say("kube-apiserver ready at " + url)
	if o.controllers != "" {
		go func() { failed <- runControllers(ctx, files, o.controllers) }()
		say("controllers started")
	}
	// Renamed into place: whoever sees it can read it.
	if err := os.WriteFile(ready+".new", []byte(url+"\n"), 0o644); err != nil {
		return err
	}
	if err := os.Rename(ready+".new", ready); err != nil {
		return err
	}
	defer os.Remove(ready)
	select {
	case <-ctx.Done():
		// etcd is not closed: in good order that takes seven seconds while the API server is connected, and what was
		// written is in its log.
		return nil
	case err := <-failed:
		return err
	}
}

// speaker prints lines with the time since now.
func speaker() func(string) {
	start := time.Now()
	return func(line string) { fmt.Printf("[%7.3fs] %s\n", time.Since(start).Seconds(), strings.TrimSpace(line)) }
}
