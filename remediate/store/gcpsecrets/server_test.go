package gcpsecrets_test

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// server is Secret Manager as its documentation describes it, with Google's own
// generated interface: names, versions, etags, checksums.
type server struct {
	pb.UnimplementedSecretManagerServiceServer
	lock    sync.Mutex
	secrets map[string]*secret
	denied  bool
	etags   int
	cut     int // so many AddSecretVersion calls end without being done
}

type secret struct {
	meta     *pb.Secret
	versions [][]byte
}

func (s *server) find(name string) (*secret, error) {
	if s.denied {
		return nil, status.Error(codes.PermissionDenied, "Permission denied on resource (or it may not exist).")
	}
	if f := s.secrets[name]; f != nil {
		return f, nil
	}
	return nil, status.Errorf(codes.NotFound, "Secret [%s] not found.", name)
}

func (s *server) etag() string {
	s.etags++
	return fmt.Sprintf("%q", strconv.Itoa(s.etags))
}

func (s *server) CreateSecret(_ context.Context, r *pb.CreateSecretRequest) (*pb.Secret, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	name := r.Parent + "/secrets/" + r.SecretId
	if _, err := s.find(name); status.Code(err) != codes.NotFound {
		if err == nil {
			err = status.Errorf(codes.AlreadyExists, "Secret [%s] already exists.", name)
		}
		return nil, err
	}
	meta := &pb.Secret{Name: name, Annotations: maps.Clone(r.Secret.Annotations), Replication: r.Secret.Replication, Etag: s.etag()}
	s.secrets[name] = &secret{meta: meta}
	return meta, nil
}

func (s *server) GetSecret(_ context.Context, r *pb.GetSecretRequest) (*pb.Secret, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	f, err := s.find(r.Name)
	if err != nil {
		return nil, err
	}
	return f.meta, nil
}

func (s *server) UpdateSecret(_ context.Context, r *pb.UpdateSecretRequest) (*pb.Secret, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	f, err := s.find(r.Secret.Name)
	if err != nil {
		return nil, err
	}
	if r.Secret.Etag != "" && r.Secret.Etag != f.meta.Etag {
		return nil, status.Error(codes.FailedPrecondition, "etag mismatch")
	}
	f.meta = &pb.Secret{Name: f.meta.Name, Replication: f.meta.Replication, Annotations: maps.Clone(r.Secret.Annotations), Etag: s.etag()}
	return f.meta, nil
}

func (s *server) DeleteSecret(_ context.Context, r *pb.DeleteSecretRequest) (*emptypb.Empty, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	f, err := s.find(r.Name)
	if err != nil {
		return nil, err
	}
	if r.Etag != "" && r.Etag != f.meta.Etag {
		return nil, status.Error(codes.FailedPrecondition, "etag mismatch")
	}
	delete(s.secrets, r.Name)
	return &emptypb.Empty{}, nil
}

func (s *server) AddSecretVersion(_ context.Context, r *pb.AddSecretVersionRequest) (*pb.SecretVersion, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	f, err := s.find(r.Parent)
	if err != nil {
		return nil, err
	}
	if s.cut > 0 {
		s.cut--
		return nil, status.Error(codes.Unavailable, "connection reset")
	}
	f.versions = append(f.versions, r.Payload.Data)
	return &pb.SecretVersion{Name: r.Parent + "/versions/" + strconv.Itoa(len(f.versions))}, nil
}

// version finds "…/versions/N" or "…/versions/latest".
func (s *server) version(name string) (*pb.SecretVersion, []byte, error) {
	parent, v, _ := strings.Cut(name, "/versions/")
	f, err := s.find(parent)
	if err != nil {
		return nil, nil, err
	}
	n := len(f.versions)
	if v != "latest" {
		n, _ = strconv.Atoi(v)
	}
	if n < 1 || n > len(f.versions) {
		return nil, nil, status.Errorf(codes.NotFound, "Secret Version [%s] not found.", name)
	}
	return &pb.SecretVersion{Name: parent + "/versions/" + strconv.Itoa(n)}, f.versions[n-1], nil
}

func (s *server) GetSecretVersion(_ context.Context, r *pb.GetSecretVersionRequest) (*pb.SecretVersion, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	v, _, err := s.version(r.Name)
	return v, err
}

func (s *server) AccessSecretVersion(_ context.Context, r *pb.AccessSecretVersionRequest) (*pb.AccessSecretVersionResponse, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	v, data, err := s.version(r.Name)
	if err != nil {
		return nil, err
	}
	return &pb.AccessSecretVersionResponse{Name: v.Name, Payload: &pb.SecretPayload{Data: data}}, nil
}
