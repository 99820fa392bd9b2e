package org.bitatlas.model;

import java.util.ArrayList;
import java.util.List;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Cosines and sines of the rotary embedding for positions 0 .. P-1, in the rotate-half layout: with
 * x' = x rolled by half a head, rotated x = x * cos + x' * sin, where the first half of the sine
 * carries the minus sign. Angles are rounded to fp32 as Hugging Face computes them, since models
 * are trained with those.
 */
final class RotaryTable implements AutoCloseable {

  private static final int SMALLEST = 512;

  private final float[] inverseFrequencies;
  private final int headDimension;
  private final int maxPositions;
  private final ElementType type;
  private final Device device;
  private final List<Tables> replaced = new ArrayList<>();
  private volatile Tables tables;

  /** cosine and sine [P x d], P positions. */
  record Tables(Tensor cosine, Tensor sine, int positions) {

    /** The tables of positions 0 .. count-1 [count x d]. */
    Tables first(int count) {
      return new Tables(cosine.narrow(0, 0, count), sine.narrow(0, 0, count), count);
    }

    /** The tables of the given positions (I64 [B]) as [B x 1 x 1 x d]. */
    Tables at(Tensor indexes, int count) {
      long dimension = cosine.size(1);
      return new Tables(
          cosine.indexSelect(0, indexes).view(count, 1, 1, dimension),
          sine.indexSelect(0, indexes).view(count, 1, 1, dimension),
          count);
    }
  }

  RotaryTable(
      RotaryEmbedding rope, int headDimension, int maxPositions, ElementType type, Device device) {
    this.inverseFrequencies = inverseFrequencies(rope, headDimension);
    this.headDimension = headDimension;
    this.maxPositions = maxPositions;
    this.type = type;
    this.device = device;
    this.tables = build(Math.min(SMALLEST, maxPositions));
  }

  /** Tables of at least {@code positions} positions. */
  Tables covering(int positions) {
    Tables current = tables;
    return current.positions() >= positions ? current : grow(positions);
  }

  private synchronized Tables grow(int positions) {
    Tables current = tables;
    if (current.positions() >= positions) {
      return current;
    }
    int size = current.positions();
    while (size < positions) {
      size *= 2;
    }
    // Other threads may still read the old tables: they are freed with the model.
    Tables grown = build(Math.min(size, Math.max(positions, maxPositions)));
    replaced.add(current);
    tables = grown;
    return grown;
  }

  private Tables build(int positions) {
    int half = headDimension / 2;
    float[] cosine = new float[positions * headDimension];
    float[] sine = new float[positions * headDimension];
    for (int position = 0; position < positions; position++) {
      int row = position * headDimension;
      for (int i = 0; i < half; i++) {
        float angle = position * inverseFrequencies[i];
        cosine[row + i] = (float) Math.cos(angle);
        cosine[row + half + i] = cosine[row + i];
        sine[row + half + i] = (float) Math.sin(angle);
        sine[row + i] = -sine[row + half + i];
      }
    }
    try (TensorScope _ = TensorScope.open()) {
      return new Tables(
          Tensor.from(cosine, positions, headDimension).to(type).to(device).unscoped(),
          Tensor.from(sine, positions, headDimension).to(type).to(device).unscoped(),
          positions);
    }
  }

  /** One inverse frequency per pair of dimensions [d / 2], scaled as the variant says. */
  static float[] inverseFrequencies(RotaryEmbedding rope, int headDimension) {
    float[] frequencies = new float[headDimension / 2];
    for (int i = 0; i < frequencies.length; i++) {
      float exponent = (2.0f * i) / headDimension;
      float plain = 1.0f / (float) Math.pow(rope.theta(), exponent);
      frequencies[i] =
          switch (rope) {
            case RotaryEmbedding.Plain _ -> plain;
            case RotaryEmbedding.Linear linear -> plain / (float) linear.factor();
            case RotaryEmbedding.Llama3 llama3 -> scaled(plain, llama3);
          };
    }
    return frequencies;
  }

  private static float scaled(float frequency, RotaryEmbedding.Llama3 rope) {
    double wavelength = 2 * Math.PI / frequency;
    double longest = rope.originalMaxPositions() / rope.lowFrequencyFactor();
    double shortest = rope.originalMaxPositions() / rope.highFrequencyFactor();
    if (wavelength > longest) {
      return (float) (frequency / rope.factor());
    }
    if (wavelength < shortest) {
      return frequency;
    }
    double smooth =
        (rope.originalMaxPositions() / wavelength - rope.lowFrequencyFactor())
            / (rope.highFrequencyFactor() - rope.lowFrequencyFactor());
    return (float) ((1 - smooth) * frequency / rope.factor() + smooth * frequency);
  }

  @Override
  public synchronized void close() {
    replaced.add(tables);
    for (Tables old : replaced) {
      old.cosine().close();
      old.sine().close();
    }
    replaced.clear();
  }
}
