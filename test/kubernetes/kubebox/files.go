package main

import (
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// files is the state folder: where each thing lies in it.
type files string

func (f files) certificate(name string) string { return filepath.Join(string(f), "pki", name+".crt") }
func (f files) key(name string) string         { return filepath.Join(string(f), "pki", name+".key") }
func (f files) kubeconfig(name string) string  { return filepath.Join(string(f), name+".kubeconfig") }

// tokens is kube-apiserver's static token file: lines of token,user,uid,"group,group". Whoever starts kubebox may write it.
func (f files) tokens() string { return filepath.Join(string(f), "tokens.csv") }

// writeFiles writes certificates, keys and kubeconfigs for the server at url.
func writeFiles(o options, url string) (files, error) {
	f := files(o.dir)
	if err := os.MkdirAll(filepath.Join(o.dir, "pki"), 0o700); err != nil {
		return f, err
	}
	own, _, err := net.ParseCIDR(o.serviceRange)
	if err != nil {
		return f, err
	}
	ca, err := openAuthority(f)
	if err != nil {
		return f, err
	}
	// The first address of the range is that of the Service `kubernetes`.
	first := own.To4()
	first[3]++
	for _, id := range []identity{
		{name: "apiserver", user: "kube-apiserver", hosts: []string{
			"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", o.address, first.String()}},
		{name: "admin", user: "admin", groups: []string{"system:masters"}},
		{name: "controllers", user: "system:kube-controller-manager"},
		// Its key signs the tokens of service accounts; nobody reads the certificate.
		{name: "sa", user: "service-accounts"},
	} {
		if err := ca.issue(id); err != nil {
			return f, err
		}
	}
	for _, name := range []string{"admin", "controllers"} {
		if err := writeKubeconfig(f, name, url); err != nil {
			return f, err
		}
	}
	return f, nil
}

func writeKubeconfig(f files, name, url string) error {
	contents := make([]any, 0, 4)
	contents = append(contents, url)
	for _, file := range []string{f.certificate("ca"), f.certificate(name), f.key(name)} {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		contents = append(contents, base64.StdEncoding.EncodeToString(content))
	}
	return os.WriteFile(f.kubeconfig(name), fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: kubebox
clusters:
- name: kubebox
  cluster: {server: %q, certificate-authority-data: %s}
contexts:
- name: kubebox
  context: {cluster: kubebox, user: kubebox}
users:
- name: kubebox
  user: {client-certificate-data: %s, client-key-data: %s}
`, contents...), 0o600)
}
