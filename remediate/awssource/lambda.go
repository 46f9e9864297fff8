package awssource

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/oakum-sec/oakum/leak"
)

// lambda tells of functions' variables, published versions' too: those cannot be
// changed, and are there until somebody deletes them.
func (w *walk) lambda(ctx context.Context, config aws.Config) {
	functions := map[string][]types.FunctionConfiguration{}
	pages := lambda.NewListFunctionsPaginator(lambda.NewFromConfig(config), &lambda.ListFunctionsInput{FunctionVersion: types.FunctionVersionAll})
	err := each(ctx, w, "lambda:ListFunctions", pages.HasMorePages, pages.NextPage, func(page *lambda.ListFunctionsOutput) {
		for _, f := range page.Functions {
			functions[aws.ToString(f.FunctionName)] = append(functions[aws.ToString(f.FunctionName)], f)
		}
	})
	if err != nil {
		w.refused(ctx, w.at, "list functions", "lambda:ListFunctions", err)
	}
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		w.function(w.at+"/"+name, functions[name])
	}
}

// function tells of one function in all its versions.
func (w *walk) function(scope string, all []types.FunctionConfiguration) {
	slices.SortStableFunc(all, func(a, b types.FunctionConfiguration) int { return cmp.Compare(published(b), published(a)) })
	var list []version
	for _, f := range all {
		v := version{}
		if n := published(f); n != latest {
			v.label = strconv.Itoa(n)
		}
		if e := f.Environment; e != nil {
			w.undecrypted(leak.Variable{Scope: scope, Name: "*"}, e.Error)
			for _, name := range slices.Sorted(maps.Keys(e.Variables)) {
				v.variables = append(v.variables, variable{name: name, value: e.Variables[name]})
			}
		}
		list = append(list, v)
	}
	w.versions(scope, lambdaHint, list)
}

// undecrypted tells of variables that AWS has, and could not decrypt for this caller
// (https://docs.aws.amazon.com/lambda/latest/api/API_EnvironmentError.html).
func (w *walk) undecrypted(p leak.Place, e *types.EnvironmentError) {
	if e != nil {
		w.gap(p, leak.Failure, leak.GapUnreadable, errors.New("read variables: AWS answers "+aws.ToString(e.ErrorCode)+": a policy has to allow kms:Decrypt with the function's key, and so has the key"))
	}
}

// latest is the number of what is called $LATEST, before all others.
const latest = int(^uint(0) >> 1)

func published(f types.FunctionConfiguration) int {
	n, err := strconv.Atoi(aws.ToString(f.Version))
	if err != nil {
		return latest
	}
	return n
}

func lambdaHint(name string) string {
	if ofAWS(name) {
		return "a function has an execution role: let that have what the key may, and delete the key"
	}
	return "keep it in Secrets Manager, let the function's role read it, and the function ask at its start"
}
