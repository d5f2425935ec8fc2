"""The networks of synthesis in the form that reads frames one after the other, with a limited look-ahead."""
