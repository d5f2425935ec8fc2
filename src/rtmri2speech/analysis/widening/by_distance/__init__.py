"""Hz per mm of a model that reads a measured tract: the derivative of its formants by the distances themselves."""
