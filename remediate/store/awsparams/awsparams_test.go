package awsparams_test

import (
	"testing"

	"github.com/oakum-sec/oakum/remediate/internal/awstest"
	"github.com/oakum-sec/oakum/remediate/store/awsparams"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
)

func TestStore(t *testing.T) {
	moto := awstest.Start(t)
	storetest.Run(t, &storetest.Bench{
		Driver: awsparams.New(moto.Config(t, moto.Admin), awsparams.Options{}),
		Prefix: []string{"prod"},
		Denied: awsparams.New(moto.Config(t, moto.Nobody), awsparams.Options{}),
	})
}
