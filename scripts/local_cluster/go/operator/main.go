// Package main is Seldon Core's operator for a local cluster: the reconciler and the webhooks of its module,
// in a manager that listens on one given address only. The program of the module itself binds its webhook to
// all interfaces and has no option for that.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	ambassador "github.com/emissary-ingress/emissary/v3/pkg/api/getambassador.io/v2"
	keda "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	seldonv1 "github.com/seldonio/seldon-core/operator/apis/machinelearning.seldon.io/v1"
	seldonv1alpha2 "github.com/seldonio/seldon-core/operator/apis/machinelearning.seldon.io/v1alpha2"
	seldonv1alpha3 "github.com/seldonio/seldon-core/operator/apis/machinelearning.seldon.io/v1alpha3"
	"github.com/seldonio/seldon-core/operator/constants"
	"github.com/seldonio/seldon-core/operator/controllers"
	"go.uber.org/zap/zapcore"
	istio "istio.io/client-go/pkg/apis/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

type options struct {
	host       string
	port       int
	probePort  int
	certFolder string
	namespace  string
	qps        float64
	debug      bool
}

func main() {
	given := readOptions()
	level := zapcore.InfoLevel
	if given.debug {
		level = zapcore.DebugLevel
	}
	ctrl.SetLogger(zap.New(zap.Level(level)))
	if err := run(given); err != nil {
		fmt.Fprintf(os.Stderr, "seldon-operator: %v\n", err)
		os.Exit(1)
	}
}

func readOptions() options {
	var given options
	flag.StringVar(&given.host, "host", "127.0.0.1", "address that all ports are bound to")
	flag.IntVar(&given.port, "webhook-port", 0, "port of the webhooks (required)")
	flag.IntVar(&given.probePort, "probe-port", 0, "port of /healthz and /readyz (required)")
	flag.StringVar(&given.certFolder, "cert-dir", "", "folder with the webhooks' tls.crt and tls.key (required)")
	flag.StringVar(&given.namespace, "namespace", "", "the only namespace to look after; all of them when empty")
	flag.Float64Var(&given.qps, "kube-api-qps", 100, "requests a second to the API server; twice as many at once")
	flag.BoolVar(&given.debug, "debug", false, "log more")
	flag.Parse() // controller-runtime's own --kubeconfig is among the flags
	return given
}

// run works until it is told to end by a signal, or something fails for good.
func run(given options) error {
	if given.port == 0 || given.probePort == 0 || given.certFolder == "" {
		return errors.New("--webhook-port, --probe-port and --cert-dir are required")
	}
	scheme, err := makeScheme()
	if err != nil {
		return err
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("no way to an API server: %w", err)
	}
	config.QPS, config.Burst = float32(given.qps), int(2*given.qps)
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                 scheme,
		Host:                   given.host,
		Port:                   given.port,
		CertDir:                given.certFolder,
		Namespace:              given.namespace,
		MetricsBindAddress:     "0", // none
		HealthProbeBindAddress: fmt.Sprintf("%s:%d", given.host, given.probePort),
		LeaderElection:         false, // there is only one
	})
	if err != nil {
		return fmt.Errorf("the manager cannot be made: %w", err)
	}
	ctx := ctrl.SetupSignalHandler()
	reconciler := &controllers.SeldonDeploymentReconciler{
		Client:    manager.GetClient(),
		ClientSet: kubernetes.NewForConfigOrDie(config),
		Log:       ctrl.Log.WithName("controllers").WithName("SeldonDeployment"),
		Scheme:    manager.GetScheme(),
		Namespace: given.namespace,
		Recorder:  manager.GetEventRecorderFor(constants.ControllerName),
	}
	if err := reconciler.SetupWithManager(ctx, manager, constants.ControllerName); err != nil {
		return fmt.Errorf("the controller cannot be set up: %w", err)
	}
	if err := addWebhooks(manager); err != nil {
		return err
	}
	if err := manager.AddReadyzCheck("webhooks", manager.GetWebhookServer().StartedChecker()); err != nil {
		return fmt.Errorf("the readiness check cannot be added: %w", err)
	}
	return manager.Start(ctx)
}

// makeScheme knows the kinds that the operator writes. Those of Istio, KEDA and Ambassador only where the
// same variables that the controllers go by turn them on: it watches what its scheme knows.
func makeScheme() (*runtime.Scheme, error) {
	adders := []func(*runtime.Scheme) error{
		clientscheme.AddToScheme,
		seldonv1.AddToScheme,
		seldonv1alpha2.AddToScheme,
		seldonv1alpha3.AddToScheme,
	}
	if os.Getenv(controllers.ENV_ISTIO_ENABLED) == "true" {
		adders = append(adders, istio.AddToScheme)
	}
	if os.Getenv(controllers.ENV_KEDA_ENABLED) == "true" {
		adders = append(adders, keda.AddToScheme)
	}
	if os.Getenv(controllers.ENV_AMBASSADOR_ENABLED) == "true" && os.Getenv(controllers.ENV_AMBASSADOR_VERSION) == "v2" {
		adders = append(adders, ambassador.AddToScheme)
	}
	scheme := runtime.NewScheme()
	for _, add := range adders {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("the kinds cannot be registered: %w", err)
		}
	}
	return scheme, nil
}

// addWebhooks serves the webhooks of each version of the API, as the module's own program does.
func addWebhooks(manager ctrl.Manager) error {
	for version, set := range map[string]func(ctrl.Manager) error{
		"v1":       (&seldonv1.SeldonDeployment{}).SetupWebhookWithManager,
		"v1alpha2": (&seldonv1alpha2.SeldonDeployment{}).SetupWebhookWithManager,
		"v1alpha3": (&seldonv1alpha3.SeldonDeployment{}).SetupWebhookWithManager,
	} {
		if err := set(manager); err != nil {
			return fmt.Errorf("the webhooks of %s cannot be set up: %w", version, err)
		}
	}
	return nil
}
