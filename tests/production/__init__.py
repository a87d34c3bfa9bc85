"""The product on the engines of production, all on one machine: PostgreSQL, Valkey or RabbitMQ, S3 storage, a proxy."""
