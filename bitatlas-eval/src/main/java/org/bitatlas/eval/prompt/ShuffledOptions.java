package org.bitatlas.eval.prompt;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.bitatlas.eval.metric.Whitespace;

/**
 * Adds {@code options} (the right answer among the wrong ones of GPQA) and {@code letter} (of the
 * right one). Their order depends on the question alone, so that every seed, every model and every
 * part of the data sees the same options.
 */
final class ShuffledOptions implements DocumentProcess {

  @Override
  public Document apply(Document document) {
    List<String> options = new ArrayList<>();
    for (String field :
        List.of(
            "Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")) {
      options.add(Whitespace.strip(document.text(field)));
    }
    List<Integer> order = new ArrayList<>(List.of(0, 1, 2, 3));
    SplittableRandom random = new SplittableRandom(seed(document.text("Question")));
    for (int i = order.size() - 1; i > 0; i--) {
      Collections.swap(order, i, random.nextInt(i + 1));
    }
    return document.with(
        Map.of(
            "options",
            order.stream().map(options::get).toList(),
            "letter",
            String.valueOf((char) ('A' + order.indexOf(0)))));
  }

  private static long seed(String question) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(question.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(digest).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
