# A part of what modelsync's own rules check, as far as one manifest by itself can show it.
package main

import rego.v1

object := sprintf("%s/%s", [input.metadata.namespace, input.metadata.name])

live := [predictor | some predictor in input.spec.predictors; not predictor.shadow]

containers contains [predictor, container] if {
	some predictor in input.spec.predictors
	some component in predictor.componentSpecs
	some container in component.spec.containers
}

# traffic-sums-to-100
deny contains message if {
	total := sum([predictor.traffic | some predictor in live])
	total != 100
	message := sprintf("%s: the traffic of its predictors sums to %v; expected 100.", [object, total])
}

# one-shadow
deny contains message if {
	count(input.spec.predictors) - count(live) > 1
	message := sprintf("%s: more than one predictor is a shadow.", [object])
}

# distinct-versions
deny contains message if {
	names := [predictor.name | some predictor in input.spec.predictors]
	count(names) != count({name | some name in names})
	message := sprintf("%s: two predictors have one name.", [object])
}

# names-fit
deny contains message if {
	some predictor in input.spec.predictors
	name := sprintf("%s-%s", [input.metadata.name, predictor.name])
	count(name) > 63
	message := sprintf("%s: the Service %s has more than 63 characters.", [object, name])
}

# resources-present
deny contains message if {
	some [predictor, container] in containers
	some kind in {["requests", "cpu"], ["requests", "memory"], ["limits", "memory"]}
	not container.resources[kind[0]][kind[1]]
	message := sprintf("%s: %s of %s has no %s.", [object, container.name, predictor.name, concat(".", kind)])
}

# requests-within-limits
deny contains message if {
	some [predictor, container] in containers
	units.parse_bytes(container.resources.requests.memory) > units.parse_bytes(container.resources.limits.memory)
	message := sprintf("%s: %s of %s requests more memory than its limit.", [object, container.name, predictor.name])
}

# image-needed
deny contains message if {
	some [predictor, container] in containers
	not regex.match(`^[^:]+(:[0-9]+/[^:]+)?(:[^:@]+)?(@sha256:[0-9a-f]{64})?$`, container.image)
	message := sprintf("%s: %q of %s is no image.", [object, container.image, predictor.name])
}

# environment-variables-fit
deny contains message if {
	some [predictor, container] in containers
	some variable in container.env
	not regex.match(`^[A-Za-z_][A-Za-z0-9_]*$`, variable.name)
	message := sprintf("%s: %q of %s is no name of a variable.", [object, variable.name, predictor.name])
}

# location-resolves, allowed-references
deny contains message if {
	some predictor in input.spec.predictors
	walk(predictor.graph, [_, node])
	node.modelUri
	not startswith(node.modelUri, "s3://")
	message := sprintf("%s: %s of %s is at no known storage.", [object, node.name, predictor.name])
}

deny contains message if {
	some predictor in input.spec.predictors
	walk(predictor.graph, [_, node])
	node.envSecretRefName
	not node.envSecretRefName in {"artifacts-s3"}
	message := sprintf("%s: the Secret %s is not allowed.", [object, node.envSecretRefName])
}

# record-exists, record-matches: that a digest is named; what it is of nobody can see here
deny contains message if {
	some predictor in live
	records := split(input.metadata.annotations["modelsync.dev/records"], ",")
	found := [record | some record in records; startswith(record, sprintf("%s=sha256:", [predictor.name]))]
	count(found) != 1
	message := sprintf("%s: %s has no record.", [object, predictor.name])
}
