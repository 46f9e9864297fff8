// Package gcpsecrets keeps secrets in Google Cloud Secret Manager
// (https://cloud.google.com/secret-manager/docs/reference/rpc).
//
// A secret is created under a name once, with its tags as annotations, and its value is
// a version added to it by a second call. Where that was cut off, the operation that
// made the name, known by its tag, goes on; to anybody else the name is taken.
//
// Its limits: adding a version can neither be compared nor repeated by a token, so two
// writers that replace one secret at the same instant can pass each other. Readers of
// "latest" see the newest version.
package gcpsecrets

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"net/url"
	"path"
	"strings"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Secret Manager's bounds (https://cloud.google.com/secret-manager/quotas).
const (
	maxValue = 64 << 10
	maxName  = 255
)

// Driver reaches one project.
type Driver struct {
	api     *secretmanager.Client
	project string
	opt     Options
}

// Options are a Driver's settings.
type Options struct {
	// Locations are where what is created is kept, such as "europe-west1"; none is
	// wherever Google likes.
	Locations []string
	KMSKey    string // with Locations: the full name of a key of Cloud KMS
}

// Open opens gcpsecrets://PROJECT?locations=a,b&kms-key=NAME, with Google's default
// credentials: a workload's service account, or those of `gcloud auth`.
func Open(ctx context.Context, target *url.URL, _ func(string) string) (store.Driver, error) {
	project := target.Host
	if project == "" {
		return nil, errors.New("name the project: gcpsecrets://PROJECT")
	}
	opt := Options{KMSKey: target.Query().Get("kms-key")}
	if l := target.Query().Get("locations"); l != "" {
		opt.Locations = strings.Split(l, ",")
	}
	return New(ctx, project, opt)
}

// New is the driver of a project. more is for tests, which reach another server.
func New(ctx context.Context, project string, opt Options, more ...option.ClientOption) (*Driver, error) {
	api, err := secretmanager.NewClient(ctx, more...)
	if err != nil {
		return nil, fmt.Errorf("reach Secret Manager: %w", err)
	}
	return &Driver{api: api, project: project, opt: opt}, nil
}

// Close ends the connection.
func (d *Driver) Close() error { return d.api.Close() }

func (d *Driver) Describe(context.Context) (store.Description, error) {
	return store.Description{
		Kind: "gcpsecrets", Identity: "Google Cloud project " + d.project,
		Ref:   store.Ref{Prefix: "ref+gcpsecrets://" + d.project + "/"},
		Names: store.Names{Pattern: `[A-Za-z0-9_-]+`, Max: maxName, Join: "-"}, MaxValue: maxValue,
	}, nil
}

func (d *Driver) resource(name string) string { return "projects/" + d.project + "/secrets/" + name }

// Stat tells the newest version that is enabled, as "latest" is.
func (d *Driver) Stat(ctx context.Context, name string) (store.Entry, error) {
	e, _, err := d.look(ctx, name)
	if err == nil && e.Version == "" {
		err = store.Failf(store.NotFound, "it has no version")
	}
	return e, err
}

func (d *Driver) look(ctx context.Context, name string) (store.Entry, *pb.Secret, error) {
	s, err := d.api.GetSecret(ctx, &pb.GetSecretRequest{Name: d.resource(name)})
	if err != nil {
		return store.Entry{}, nil, failed(err)
	}
	e := store.Entry{Name: name, Tags: maps.Clone(s.Annotations)}
	v, err := d.api.GetSecretVersion(ctx, &pb.GetSecretVersionRequest{Name: d.resource(name) + "/versions/latest"})
	switch err = failed(err); store.CodeOf(err) {
	case store.OK:
		e.Version = path.Base(v.Name)
	case store.NotFound:
	default:
		return store.Entry{}, nil, err
	}
	return e, s, nil
}

func (d *Driver) Read(ctx context.Context, name, version string) (store.Entry, leak.Secret, error) {
	e, err := d.Stat(ctx, name)
	if err != nil {
		return store.Entry{}, leak.Secret{}, err
	}
	if version == "" {
		version = e.Version
	}
	v, err := d.api.AccessSecretVersion(ctx, &pb.AccessSecretVersionRequest{Name: d.resource(name) + "/versions/" + version})
	if err != nil {
		return store.Entry{}, leak.Secret{}, failed(err)
	}
	if sum := v.Payload.DataCrc32C; sum != nil && *sum != checksum(v.Payload.Data) {
		return store.Entry{}, leak.Secret{}, store.Failf(store.Unavailable, "what arrived is not what the store sent (CRC32C)")
	}
	e.Version = path.Base(v.Name)
	return e, leak.NewSecret(v.Payload.Data), nil
}

// checksum is the one that Secret Manager compares, so that what a network damaged is
// not stored.
func checksum(b []byte) int64 { return int64(crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))) }

func (d *Driver) Write(ctx context.Context, w store.Write) (string, error) {
	if w.Pending {
		return "", store.Failf(store.Unsupported, "a version cannot wait in this store")
	}
	prepare := d.replaces
	if w.From == "" {
		prepare = d.creates
	}
	if err := prepare(ctx, w); err != nil {
		return "", err
	}
	data := []byte(store.Plain(w.Value))
	v, err := d.api.AddSecretVersion(ctx, &pb.AddSecretVersionRequest{Parent: d.resource(w.Name),
		Payload: &pb.SecretPayload{Data: data, DataCrc32C: proto.Int64(checksum(data))}})
	if err != nil {
		return "", failed(err)
	}
	return path.Base(v.Name), nil
}

// creates makes the name, or finds that this operation has made it.
func (d *Driver) creates(ctx context.Context, w store.Write) error {
	_, err := d.api.CreateSecret(ctx, &pb.CreateSecretRequest{Parent: "projects/" + d.project, SecretId: w.Name,
		Secret: &pb.Secret{Replication: d.replication(), Annotations: w.Tags}})
	err = failed(err)
	if store.CodeOf(err) != store.AlreadyExists {
		return err
	}
	e, _, looked := d.look(ctx, w.Name)
	switch {
	case looked != nil:
		return looked
	case e.Version == "" && e.Tags[store.TagOp] == w.Token:
		return nil
	case e.Version == "":
		return store.Failf(store.Conflict, "somebody else made the name, which has no version yet")
	}
	return err
}

func (d *Driver) replication() *pb.Replication {
	if len(d.opt.Locations) == 0 {
		return &pb.Replication{Replication: &pb.Replication_Automatic_{Automatic: &pb.Replication_Automatic{}}}
	}
	var encryption *pb.CustomerManagedEncryption
	if d.opt.KMSKey != "" {
		encryption = &pb.CustomerManagedEncryption{KmsKeyName: d.opt.KMSKey}
	}
	managed := &pb.Replication_UserManaged{}
	for _, l := range d.opt.Locations {
		managed.Replicas = append(managed.Replicas, &pb.Replication_UserManaged_Replica{Location: strings.TrimSpace(l), CustomerManagedEncryption: encryption})
	}
	return &pb.Replication{Replication: &pb.Replication_UserManaged_{UserManaged: managed}}
}

// replaces puts the tags on, if From is the newest version; that call is refused where
// the secret was changed since it was looked at.
func (d *Driver) replaces(ctx context.Context, w store.Write) error {
	e, s, err := d.look(ctx, w.Name)
	if err != nil {
		return err
	}
	if e.Version != w.From {
		return store.Failf(store.Conflict, "version %s is current", e.Version)
	}
	all := maps.Clone(s.Annotations)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, w.Tags)
	_, err = d.api.UpdateSecret(ctx, &pb.UpdateSecretRequest{Secret: &pb.Secret{Name: s.Name, Annotations: all, Etag: s.Etag},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"annotations"}}})
	return failed(err)
}

func (d *Driver) Delete(ctx context.Context, name, version string) error {
	e, s, err := d.look(ctx, name)
	if err != nil {
		return err
	}
	if e.Version != version {
		return store.Failf(store.Conflict, "version %s is current", e.Version)
	}
	return failed(d.api.DeleteSecret(ctx, &pb.DeleteSecretRequest{Name: s.Name, Etag: s.Etag}))
}

// Tidy takes away a secret without a version, which a write that was cut off leaves.
func (d *Driver) Tidy(ctx context.Context, name, op string) error {
	e, s, err := d.look(ctx, name)
	if err != nil || e.Version != "" || e.Tags[store.TagOp] != op {
		return err
	}
	return failed(d.api.DeleteSecret(ctx, &pb.DeleteSecretRequest{Name: s.Name, Etag: s.Etag}))
}

// meanings are what the codes of gRPC mean here
// (https://cloud.google.com/apis/design/errors#handling_errors).
var meanings = map[codes.Code]store.Code{
	codes.NotFound: store.NotFound, codes.AlreadyExists: store.AlreadyExists, codes.PermissionDenied: store.PermissionDenied,
	codes.Unauthenticated: store.Unauthenticated, codes.InvalidArgument: store.InvalidArgument, codes.ResourceExhausted: store.Throttled,
	codes.Unavailable: store.Unavailable, codes.Internal: store.Unavailable, codes.DeadlineExceeded: store.Unavailable,
	codes.Aborted: store.Conflict, codes.FailedPrecondition: store.Conflict, codes.Canceled: store.Canceled, codes.Unimplemented: store.Unsupported,
}

// failed gives an error its code.
func failed(err error) error {
	if err == nil || store.CodeOf(err) != store.Unknown {
		return err
	}
	code, known := meanings[status.Code(err)]
	if !known {
		code = store.Unknown
	}
	return store.Fail(code, err)
}
