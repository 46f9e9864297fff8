package gcpsecrets_test

import (
	"context"
	"testing"

	"google.golang.org/api/option"
	"google.golang.org/grpc"

	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
)

func TestKilled(t *testing.T) {
	storetest.Killed(t, func(hook func()) store.Driver {
		around := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			hook()
			err := invoke(ctx, method, req, reply, cc, opts...)
			hook()
			return err
		}
		return start(t, &server{secrets: map[string]*secret{}}, option.WithGRPCDialOption(grpc.WithUnaryInterceptor(around)))
	}, 20)
}
