"""What adapters of models in the ONNX format have in common."""
