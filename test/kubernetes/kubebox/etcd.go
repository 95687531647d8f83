package main

import (
	"fmt"
	"net/url"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// The kernel's limit of a Unix socket's path.
const longestSocket = 107

// startEtcd starts a one-member etcd that listens on a Unix socket, and returns how clients name it. Nothing is fsynced: it
// survives the end of its process, not that of the machine.
func startEtcd(dir, socket string) (string, error) {
	if len(socket) > longestSocket {
		return "", fmt.Errorf("%s has %d bytes, a Unix socket's path at most %d: take a shorter --dir", socket, len(socket), longestSocket)
	}
	client := url.URL{Scheme: "unix", Path: socket}
	// Nobody connects to these two; etcd wants them in this form.
	peers, advertised := url.URL{Scheme: "http", Host: "127.0.0.1:0"}, url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	config := embed.NewConfig()
	config.Name = "kubebox"
	config.Dir = dir
	config.LogLevel = "error"
	config.UnsafeNoFsync = true
	config.QuotaBackendBytes = 2 << 30
	// A lone member waits for its own election: default 1 s, at every start.
	config.TickMs, config.ElectionMs = 10, 100
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{client}, []url.URL{advertised}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{peers}, []url.URL{advertised}
	config.InitialCluster = config.Name + "=" + advertised.String()
	server, err := embed.StartEtcd(config)
	if err != nil {
		return "", fmt.Errorf("etcd: %w", err)
	}
	select {
	case <-server.Server.ReadyNotify():
		return client.String(), nil
	case <-time.After(30 * time.Second):
		return "", fmt.Errorf("etcd is not ready after 30 s")
	}
}
