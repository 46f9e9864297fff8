package gcpsecrets_test

import (
	"context"
	"net"
	"testing"
	"time"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"github.com/google/uuid"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/gcpsecrets"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
)

// start serves on loopback until the test ends.
func start(t *testing.T, s *server, more ...option.ClientOption) *gcpsecrets.Driver {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	pb.RegisterSecretManagerServiceServer(g, s)
	go g.Serve(l)
	t.Cleanup(g.Stop)
	d, err := gcpsecrets.New(t.Context(), "shop-prod", gcpsecrets.Options{Locations: []string{"europe-west1"}},
		append(more, option.WithEndpoint(l.Addr().String()), option.WithoutAuthentication(), option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestStore(t *testing.T) {
	storetest.Run(t, &storetest.Bench{
		Driver: start(t, &server{secrets: map[string]*secret{}}),
		Prefix: []string{"prod"},
		Denied: start(t, &server{denied: true}),
	})
}

// A name whose value never came is gone on with by the operation that made it, and by
// no other.
func TestCutOff(t *testing.T) {
	s := &server{secrets: map[string]*secret{}, cut: 1}
	d := start(t, s)
	p := store.Put{Name: "half", Value: leak.NewSecret([]byte("v4lue")), Op: uuid.NewString()}
	once := store.New(d, store.Options{Attempts: 1})
	if _, err := once.Create(t.Context(), p); store.CodeOf(err) != store.Unavailable {
		t.Fatalf("cut off: %v", err)
	}
	other := p
	other.Op = uuid.NewString()
	if _, err := once.Create(t.Context(), other); store.CodeOf(err) == store.OK {
		t.Error("another operation took the name over")
	}
	again := store.New(d, store.Options{Pause: func(context.Context, time.Duration) error { return nil }})
	r, err := again.Create(t.Context(), p)
	if err != nil || !r.Created || len(s.secrets["projects/shop-prod/secrets/half"].versions) != 1 {
		t.Errorf("after it was cut off: %+v, %v", r, err)
	}
}

// A name whose value never came is taken away by the operation that made it, and by no
// other; one that has a value stays.
func TestTidy(t *testing.T) {
	s := &server{secrets: map[string]*secret{}, cut: 1}
	shop := store.New(start(t, s), store.Options{Attempts: 1})
	p := store.Put{Name: "half", Value: leak.NewSecret([]byte("v4lue")), Op: uuid.NewString()}
	if _, err := shop.Create(t.Context(), p); store.CodeOf(err) != store.Unavailable {
		t.Fatalf("cut off: %v", err)
	}
	for i, op := range []string{uuid.NewString(), p.Op, p.Op} {
		if err := shop.Tidy(t.Context(), p.Name, op); err != nil {
			t.Fatal(err)
		}
		if there := s.secrets["projects/shop-prod/secrets/half"] != nil; there != (i == 0) {
			t.Errorf("tidied up %d times, and it is there: %v", i+1, there)
		}
	}
	if _, err := shop.Create(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := shop.Tidy(t.Context(), p.Name, p.Op); err != nil || s.secrets["projects/shop-prod/secrets/half"] == nil {
		t.Errorf("a value was tidied up: %v", err)
	}
}
