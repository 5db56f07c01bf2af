"""Binary cross-entropy of both strands' merged probability, computed from their logits."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf


def binary_cross_entropy(forward: Any, reverse: Any, labels: Any, merge: str) -> Any:
    """Compute -log p for bound and -log(1 - p) for unbound windows, without ever rounding p to 0 or 1.

    For the mean of the strands' sigmoids, log p = log ½ + log(σ(a) + σ(b)), a sum of exponentials of log σ; for the
    maximum, p is the sigmoid of the larger logit. Keras computes the same from p clipped to 1e-7 ... 1 - 1e-7, beyond
    which its gradient is zero and this one is not.

    Args:
        forward: Logits of the forward strand, float32, shape (n,).
        reverse: Logits of the reverse strand, float32, shape (n,).
        labels: float32, shape (n,), 1 bound, 0 unbound.
        merge: "mean" or "max".

    Returns:
        float32, shape (n,).

    Source: DeepGRN paper, section 2.4 (loss) and 2.3 (merge).
    """
    if merge == "max":
        logits = tf.maximum(forward, reverse)
        return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    bound, unbound = (_log_mean_sigmoid(sign * forward, sign * reverse) for sign in (1.0, -1.0))
    return -(labels * bound + (1.0 - labels) * unbound)


def _log_mean_sigmoid(a: Any, b: Any) -> Any:
    return tf.reduce_logsumexp(-tf.nn.softplus(tf.stack([-a, -b])), axis=0) - math.log(2.0)
