"""Apache Spark as a second engine for models and runs."""
