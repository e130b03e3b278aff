"""What workers do: take jobs, hold them, do them."""
