package verify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
)

// errPrivate is why an address is not dialled.
var errPrivate = errors.New("its address is private or of this machine")

// newClient makes a client that follows nothing and dials no private address, but
// those that the user named: a proxy, an endpoint.
func newClient(opt Options) *http.Client {
	named := &sync.Map{} // host:port
	for _, to := range opt.Endpoints {
		named.Store(withPort(to), true)
	}
	proxy := opt.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	return &http.Client{
		Timeout: opt.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a redirect is an answer
		},
		Transport: &http.Transport{
			Proxy: func(r *http.Request) (*url.URL, error) {
				to, err := proxy(r)
				if err == nil && to != nil {
					named.Store(withPort(to), true)
				}
				return to, err
			},
			DialContext:            dialer(opt, named),
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    opt.Timeout,
			MaxResponseHeaderBytes: maxAnswer,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true, // a small answer cannot become a large one
		},
	}
}

// withPort is host:port of an address.
func withPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// dialer looks at the address that a name led to, when it is dialled: a name that
// resolves to another address the second time gains nothing.
func dialer(opt Options, named *sync.Map) func(context.Context, string, string) (net.Conn, error) {
	if opt.Dial != nil {
		return opt.Dial
	}
	open := &net.Dialer{Timeout: opt.Timeout}
	guarded := &net.Dialer{Timeout: opt.Timeout, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("read the address: %w", err)
		}
		if private(at.Addr()) {
			return errPrivate
		}
		return nil
	}}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if _, ok := named.Load(addr); ok {
			return open.DialContext(ctx, network, addr)
		}
		return guarded.DialContext(ctx, network, addr)
	}
}

// reserved are what netip has no word for: shared address space (RFC 6598), "this
// network" (RFC 1122), benchmarks (RFC 2544), IETF's own and documentation's (RFC
// 6890), the reserved block with broadcast (RFC 1112), NAT64 (RFC 6052, RFC 8215)
// and 6to4 (RFC 3056), behind which any IPv4 address may stand.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001:db8::/32"),
}

// private tells whether an address is none of the public internet's.
func private(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() {
		return true
	}
	for _, block := range reserved {
		if block.Contains(a) {
			return true
		}
	}
	return false
}
