package server

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// FailureMode is what becomes of a review that could not be decided.
type FailureMode string

const (
	FailOpen   FailureMode = "open"   // admitted, with a warning, an audit annotation and a metric
	FailClosed FailureMode = "closed" // an HTTP 500: the webhook configuration's failurePolicy decides
)

// Config is the configuration file. Its zero value is the house's default; see the
// package's documentation for what the fields mean.
type Config struct {
	FailureMode FailureMode       `json:"failureMode,omitempty"`
	Defaults    admit.Modes       `json:"defaults,omitempty"`
	Exemptions  []admit.Exemption `json:"exemptions,omitempty"`
	Controllers []string          `json:"controllers,omitempty"`
	Controlled  admit.Controlled  `json:"controlled,omitempty"`
	EKS         bool              `json:"eks,omitempty"`
	Policy      string            `json:"policy,omitempty"`
	Rules       string            `json:"rules,omitempty"`
	References  References        `json:"references,omitempty"`
	Hooks       Hooks             `json:"hooks,omitempty"`
	Images      Images            `json:"images,omitempty"`
	Known       KnownSecrets      `json:"known,omitempty"`
}

// References say which objects are followed from pods.
type References struct {
	ConfigMaps *bool `json:"configMaps,omitempty"` // nil: true
	Secrets    bool  `json:"secrets,omitempty"`
}

// Hooks say what the API server is to ask about, beside what is built in.
type Hooks struct {
	Workloads []string `json:"workloads,omitempty"` // custom resources as "plural.group"
}

// Images say how images are judged, where a worker scans them.
type Images struct {
	Unknown UnknownImage `json:"unknown,omitempty"`
}

// UnknownImage is what becomes of pods whose image was not scanned yet.
type UnknownImage string

const (
	UnknownAllow UnknownImage = "allow"
	UnknownDeny  UnknownImage = "deny"
)

// ReadConfig reads a configuration file; "" is the default.
func ReadConfig(name string) (*Config, error) {
	if name == "" {
		return ParseConfig(nil)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	c, err := ParseConfig(text)
	if err != nil {
		return nil, fmt.Errorf("read the configuration %s: %w", name, err)
	}
	return c, nil
}

// ParseConfig reads a configuration and puts defaults in the place of what it leaves out.
func ParseConfig(text []byte) (*Config, error) {
	c := &Config{Defaults: admit.DefaultModes}
	if err := yaml.UnmarshalStrict(text, c); err != nil {
		return nil, err
	}
	if err := c.valid(); err != nil {
		return nil, err
	}
	c.settle()
	return c, nil
}

func (c *Config) valid() error {
	switch c.FailureMode {
	case "", FailOpen, FailClosed:
	default:
		return fmt.Errorf("failureMode: it is %q or %q, not %q", FailOpen, FailClosed, c.FailureMode)
	}
	switch c.Images.Unknown {
	case "", UnknownAllow, UnknownDeny:
	default:
		return fmt.Errorf("images.unknown: it is %q or %q, not %q", UnknownAllow, UnknownDeny, c.Images.Unknown)
	}
	for i := range c.Exemptions {
		if err := c.Exemptions[i].Valid(); err != nil {
			return fmt.Errorf("exemptions[%d]: %w", i, err)
		}
	}
	for _, r := range c.Hooks.Workloads {
		if plural, group, ok := strings.Cut(r, "."); !ok || plural == "" || !strings.Contains(group, ".") || strings.ContainsAny(r, "/* ") {
			return fmt.Errorf("hooks.workloads: %q is no custom resource: name it as kubectl does, rollouts.argoproj.io", r)
		}
	}
	if err := c.Known.valid(); err != nil {
		return err
	}
	return c.levels()
}

// levels is asked of package admit, which knows the versions.
func (c *Config) levels() error {
	if err := c.Defaults.Valid(); err != nil {
		return fmt.Errorf("defaults: %w", err)
	}
	switch c.Controlled {
	case "", admit.ControlledWarn, admit.ControlledDeny:
		return nil
	}
	return errors.New("controlled: it is \"warn\" or \"deny\"")
}

func (c *Config) settle() {
	for _, m := range []*admit.Mode{&c.Defaults.Enforce, &c.Defaults.Warn, &c.Defaults.Audit} {
		if m.Version == "" {
			m.Version = admit.Latest // said, so that "off" three times is not taken for nothing said
		}
	}
	if c.FailureMode == "" {
		c.FailureMode = FailOpen
	}
	if c.Controlled == "" {
		c.Controlled = admit.ControlledWarn
		if c.FailureMode == FailClosed {
			c.Controlled = admit.ControlledDeny // a template may have come while we were down
		}
	}
	if c.References.ConfigMaps == nil {
		follow := true
		c.References.ConfigMaps = &follow
	}
	if c.Images.Unknown == "" {
		c.Images.Unknown = UnknownAllow
	}
}
