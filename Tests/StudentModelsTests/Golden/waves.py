"""Fills models for the scripts beside it, so that a test needs no file of weights."""

import torch


def fill(model):
    """Each parameter is a sine over its elements, which begins by its name; scales of norms lie around 1."""
    for name, parameter in model.named_parameters():
        k = torch.arange(1, parameter.numel() + 1, dtype=torch.float64)
        wave = torch.sin(sum(name.encode()) + 0.7 * k).reshape(parameter.shape)
        flat = parameter.dim() == 1
        start = 1.0 if flat and name.endswith("weight") else 0.0
        parameter.copy_(start + (0.2 if flat else 0.3) * wave)
    return model.eval()
