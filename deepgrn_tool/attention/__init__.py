"""What the network looks at: attention and input gradients as tracks, matrices and heat maps."""
