package org.bitatlas.model;

import org.bitatlas.kernel.BlockRows;
import org.bitatlas.tensor.Tensor;

/** What a decoder block computes between its linears and around its attention. */
sealed interface BetweenProducts {

  /** Root mean square norm of X [.. x D] with weight [D]. */
  Tensor norm(Tensor hidden, Tensor weight, double epsilon);

  /** Adds the residual to X in place, then takes the norm of X. */
  Tensor addThenNorm(Tensor hidden, Tensor residual, Tensor weight, double epsilon);

  /** Adds the residual to X in place. */
  Tensor add(Tensor hidden, Tensor residual);

  /** SwiGLU of gate and up side by side [.. x 2 W]. */
  Tensor swiGlu(Tensor both);

  /**
   * Rotates the first heads of [B x T x n x d] in place: x * cos + roll(x, d/2) * sin.
   *
   * @param rotation tables that broadcast to the heads
   */
  void rotate(Tensor heads, int rotated, RotaryTable.Tables rotation);

  /** On libtorch, one operation after the other: can be differentiated. */
  record OnLibtorch() implements BetweenProducts {

    @Override
    public Tensor norm(Tensor hidden, Tensor weight, double epsilon) {
      return hidden.rmsNorm(weight, epsilon);
    }

    @Override
    public Tensor addThenNorm(Tensor hidden, Tensor residual, Tensor weight, double epsilon) {
      return hidden.addInPlace(residual).rmsNorm(weight, epsilon);
    }

    @Override
    public Tensor add(Tensor hidden, Tensor residual) {
      return hidden.addInPlace(residual);
    }

    @Override
    public Tensor swiGlu(Tensor both) {
      long width = both.size(-1) / 2;
      return both.narrow(-1, 0, width).silu().mulInPlace(both.narrow(-1, width, width));
    }

    @Override
    public void rotate(Tensor heads, int rotated, RotaryTable.Tables rotation) {
      Tensor first = heads.narrow(2, 0, rotated);
      Tensor rolled = first.roll(-1, heads.size(3) / 2);
      Tensor _ = first.mulInPlace(rotation.cosine()).addProductInPlace(rolled, rotation.sine());
    }
  }

  /** By our own kernels, each in one pass and on all threads. */
  record OnKernels(BlockRows rows) implements BetweenProducts {

    @Override
    public Tensor norm(Tensor hidden, Tensor weight, double epsilon) {
      return rows.rmsNorm(hidden.contiguous(), weight, epsilon);
    }

    @Override
    public Tensor addThenNorm(Tensor hidden, Tensor residual, Tensor weight, double epsilon) {
      return rows.addThenNorm(hidden, residual.contiguous(), weight, epsilon);
    }

    @Override
    public Tensor add(Tensor hidden, Tensor residual) {
      return rows.add(hidden, residual.contiguous());
    }

    @Override
    public Tensor swiGlu(Tensor both) {
      return rows.swiGlu(both.contiguous());
    }

    @Override
    public void rotate(Tensor heads, int rotated, RotaryTable.Tables rotation) {
      rows.rotate(heads, rotated, rotation.cosine().contiguous(), rotation.sine().contiguous());
    }
  }
}
