// Package main asks three engines about the health of objects: kstatus' generic rule, Flux' evaluator of
// health check expressions (cel-go), and Argo CD's way of running a health script (gopher-lua).
//
// Objects are read from standard input, one JSON object on each line; for each a line with the answers is
// written to standard output.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// answer is what one engine says; Error is set where it could not say anything.
type answer struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
	Error   string `json:"error,omitempty"`
}

// answers are those of all engines to one object.
type answers struct {
	Kstatus answer `json:"kstatus"`
	Flux    answer `json:"flux"`
	Argo    answer `json:"argo"`
}

// flux is the part of a Kustomization (kustomize.toolkit.fluxcd.io/v1) that holds the expressions.
type flux struct {
	Spec struct {
		HealthCheckExprs []kustomize.CustomHealthCheck `json:"healthCheckExprs"`
	} `json:"spec"`
}

func main() {
	script := flag.String("lua", "", "file with Argo CD's health script")
	expressions := flag.String("cel", "", "file with a Kustomization that has Flux' health check expressions")
	flag.Parse()
	if err := run(*script, *expressions); err != nil {
		fmt.Fprintf(os.Stderr, "health-engines: %v\n", err)
		os.Exit(1)
	}
}

func run(scriptFile, expressionsFile string) error {
	script, err := os.ReadFile(scriptFile)
	if err != nil {
		return err
	}
	evaluators, err := readExpressions(expressionsFile)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	output := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(lines.Bytes()); err != nil {
			return err
		}
		said := answers{
			Kstatus: askKstatus(object),
			Flux:    askFlux(evaluators, object),
			Argo:    askArgo(string(script), object.Object),
		}
		if err := output.Encode(said); err != nil {
			return err
		}
	}
	return lines.Err()
}

// readExpressions compiles the expressions of a file, by kind.
func readExpressions(file string) (map[string]*cel.StatusEvaluator, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var read flux
	if err := yaml.UnmarshalStrict(stripHead(text), &read); err != nil {
		return nil, err
	}
	if len(read.Spec.HealthCheckExprs) == 0 {
		return nil, errors.New("no health check expressions in " + file)
	}
	evaluators := map[string]*cel.StatusEvaluator{}
	for _, check := range read.Spec.HealthCheckExprs {
		evaluator, err := cel.NewStatusEvaluator(&check.HealthCheckExpressions)
		if err != nil {
			return nil, err
		}
		evaluators[check.APIVersion+"/"+check.Kind] = evaluator
	}
	return evaluators, nil
}

// stripHead keeps only what this program checks strictly: the expressions.
func stripHead(text []byte) []byte {
	var whole map[string]any
	if err := yaml.Unmarshal(text, &whole); err != nil {
		return text
	}
	spec, _ := whole["spec"].(map[string]any)
	kept, err := yaml.Marshal(map[string]any{"spec": map[string]any{"healthCheckExprs": spec["healthCheckExprs"]}})
	if err != nil {
		return text
	}
	return kept
}

func askKstatus(object *unstructured.Unstructured) answer {
	result, err := status.Compute(object)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Status: result.Status.String(), Message: result.Message}
}

func askFlux(evaluators map[string]*cel.StatusEvaluator, object *unstructured.Unstructured) answer {
	evaluator, found := evaluators[object.GetAPIVersion()+"/"+object.GetKind()]
	if !found {
		return answer{Error: "no expressions for this kind"}
	}
	result, err := evaluator.Evaluate(context.Background(), object)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Status: result.Status.String(), Message: result.Message}
}
