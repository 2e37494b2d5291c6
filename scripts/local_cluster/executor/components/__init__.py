"""Example components of inference graphs: small servers that a node starts for images `example/<name>`."""
