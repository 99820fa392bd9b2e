package org.bitatlas.eval.instruction;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bitatlas.eval.metric.Whitespace;

/** What the loose variant of IFEval looks at. */
final class LooseReplies {

  private LooseReplies() {}

  /** The reply; without its first line, its last line, both; each also without stars. */
  static List<String> of(String reply) {
    List<String> lines = Arrays.asList(reply.split("\n", -1));
    int count = lines.size();
    List<String> replies = new ArrayList<>();
    replies.add(reply);
    replies.add(joined(lines.subList(1, count)));
    replies.add(joined(lines.subList(0, count - 1)));
    replies.add(joined(lines.subList(1, Math.max(1, count - 1))));
    for (String text : List.copyOf(replies)) {
      replies.add(text.replace("*", ""));
    }
    return replies;
  }

  private static String joined(List<String> lines) {
    return Whitespace.strip(String.join("\n", lines));
  }
}
