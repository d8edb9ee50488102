"""What tests talk to instead of the internet."""
