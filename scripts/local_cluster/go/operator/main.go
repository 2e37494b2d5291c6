package main

import (
	"flag"
	"os"

	machinelearningv1 "github.com/seldonio/seldon-core/operator/apis/machinelearning.seldon.io/v1"
	machinelearningv1alpha2 "github.com/seldonio/seldon-core/operator/apis/machinelearning.seldon.io/v1alpha2"
	machinelearningv1alpha3 "github.com/seldonio/seldon-core/operator/apis/machinelearning.seldon.io/v1alpha3"
	"github.com/seldonio/seldon-core/operator/constants"
	"github.com/seldonio/seldon-core/operator/controllers"
	kedav1alpha1 "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	v2 "github.com/emissary-ingress/emissary/v3/pkg/api/getambassador.io/v2"
	istio "istio.io/client-go/pkg/apis/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

func main() {
	var port int
	flag.IntVar(&port, "webhook-port", 9443, "")
	flag.Parse()
	ctrl.SetLogger(zap.New())
	scheme := runtime.NewScheme()
	_ = clientgoscheme.AddToScheme(scheme)
	_ = machinelearningv1.AddToScheme(scheme)
	_ = machinelearningv1alpha2.AddToScheme(scheme)
	_ = machinelearningv1alpha3.AddToScheme(scheme)
	_ = istio.AddToScheme(scheme)
	_ = kedav1alpha1.AddToScheme(scheme)
	_ = v2.AddToScheme(scheme)
	cfg := ctrl.GetConfigOrDie()
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{Scheme: scheme, Host: "127.0.0.1", Port: port})
	if err != nil {
		os.Exit(1)
	}
	ctx := ctrl.SetupSignalHandler()
	_ = (&controllers.SeldonDeploymentReconciler{
		Client:    mgr.GetClient(),
		ClientSet: kubernetes.NewForConfigOrDie(cfg),
		Log:       ctrl.Log.WithName("controllers"),
		Scheme:    mgr.GetScheme(),
		Recorder:  mgr.GetEventRecorderFor(constants.ControllerName),
	}).SetupWithManager(ctx, mgr, constants.ControllerName)
	_ = (&machinelearningv1.SeldonDeployment{}).SetupWebhookWithManager(mgr)
	_ = mgr.Start(ctx)
}
