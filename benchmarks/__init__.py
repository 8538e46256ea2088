"""What operations cost: ours beside other clients, against a server that answers from memory."""
