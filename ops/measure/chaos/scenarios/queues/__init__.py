"""What goes through RabbitMQ."""
