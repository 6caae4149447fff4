"""Traffic of others: HAR files and the proxy."""
