package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"time"
)

const validity = 30 * 24 * time.Hour

// authority is a certificate authority whose key and certificates lie in files. What is there is taken, so that clients of
// an earlier run go on trusting, and being trusted.
type authority struct {
	files       files
	certificate *x509.Certificate
	key         crypto.Signer
}

// identity is what a certificate says: for a client its user and groups, for a server its host names and addresses.
type identity struct {
	name   string // of the files
	user   string
	groups []string
	hosts  []string
}

func openAuthority(f files) (*authority, error) {
	if pair, err := tls.LoadX509KeyPair(f.certificate("ca"), f.key("ca")); err == nil {
		return &authority{f, pair.Leaf, pair.PrivateKey.(crypto.Signer)}, nil
	}
	template := newTemplate(pkix.Name{CommonName: "kubebox"})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	a := &authority{f, template, key}
	if err := a.write("ca", template, key); err != nil {
		return nil, err
	}
	return openAuthority(f)
}

// issue writes NAME.crt and NAME.key, unless they are there.
func (a *authority) issue(id identity) error {
	if _, err := tls.LoadX509KeyPair(a.files.certificate(id.name), a.files.key(id.name)); err == nil {
		return nil
	}
	template := newTemplate(pkix.Name{CommonName: id.user, Organization: id.groups})
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	for _, host := range id.hosts {
		if address := net.ParseIP(host); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	return a.write(id.name, template, key)
}

// write signs the certificate and writes it and its key.
func (a *authority) write(name string, template *x509.Certificate, key *ecdsa.PrivateKey) error {
	signed, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return err
	}
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(a.files.key(name), "EC PRIVATE KEY", encoded); err != nil {
		return err
	}
	return writePEM(a.files.certificate(name), "CERTIFICATE", signed)
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func newTemplate(subject pkix.Name) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      subject,
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(validity),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

func writePEM(file, kind string, content []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600)
}
