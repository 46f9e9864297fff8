package amazon

import (
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Every field that a registration takes is carried over: a new one of the SDK's fails
// here.
func TestTaskDefinitionsAreCopiedWhole(t *testing.T) {
	var d types.TaskDefinition
	v := reflect.ValueOf(&d).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.CanSet() {
			f.Set(something(f.Type()))
		}
	}
	in := reflect.ValueOf(again(d, []types.Tag{{}})).Elem()
	seen := 0
	for i := range in.NumField() {
		if name := in.Type().Field(i).Name; in.Type().Field(i).IsExported() {
			if seen++; in.Field(i).IsZero() {
				t.Errorf("%s is left out", name)
			}
		}
	}
	if seen < 18 {
		t.Errorf("only %d fields", seen)
	}
}

// something is a value that is not zero.
func something(t reflect.Type) reflect.Value {
	switch t.Kind() {
	case reflect.Pointer:
		return reflect.New(t.Elem())
	case reflect.Slice:
		return reflect.MakeSlice(t, 1, 1)
	case reflect.String:
		return reflect.ValueOf("x").Convert(t)
	case reflect.Int32:
		return reflect.ValueOf(int32(1)).Convert(t)
	}
	return reflect.Zero(t)
}

func TestRepin(t *testing.T) {
	const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-AbCdEf"
	for from, want := range map[string]string{
		arn + ":password::old":  arn + ":password::new",
		arn + ":::old":          arn + ":::new",
		arn + ":password::":     "",
		arn:                     "",
		"/orders/password:old":  "", // a parameter's name
		arn + ":password::cold": "",
	} {
		got, ok := repin(from, "old", "new")
		if ok != (want != "") || ok && got != want {
			t.Errorf("%s: %s, %v", from, got, ok)
		}
	}
	if got, ok := repin(arn+":::b", "a,b", "c,d"); !ok || got != arn+":::d" {
		t.Errorf("the second of two secrets: %s, %v", got, ok)
	}
}
