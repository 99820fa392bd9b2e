package org.bitatlas.eval.instruction;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.bitatlas.eval.Oracles;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Verdicts of lm-evaluation-harness on instructions and replies. */
class InstructionGoldenTest {

  private static Map<String, Object> arguments(JsonNode node) {
    Map<String, Object> arguments = new HashMap<>();
    node.properties()
        .forEach(entry -> {
          JsonNode value = entry.getValue();
          arguments.put(
              entry.getKey(),
              value.isArray()
                  ? value.valueStream().map(JsonNode::stringValue).toList()
                  : value.isInt() ? (Object) value.intValue() : value.stringValue());
        });
    return arguments;
  }

  @Test
  void agreesWithTheHarness() {
    for (JsonNode golden : Oracles.withKey("ifeval", "cases")) {
      Set<String> seen = new TreeSet<>();
      List<String> different = new ArrayList<>();
      for (JsonNode one : golden.get("cases")) {
        String name = one.get(0).stringValue();
        seen.add(name);
        List<Instruction> instructions = List.of(Instructions.of(name, arguments(one.get(1))));
        String reply = one.get(2).stringValue();
        boolean strict = Instructions.strict(instructions, reply).getFirst();
        boolean loose = Instructions.loose(instructions, reply).getFirst();
        if (strict != (one.get(3).intValue() == 1) || loose != (one.get(4).intValue() == 1)) {
          different.add(one.toString());
        }
      }
      different.forEach(one -> System.out.println("the harness differs: " + one));
      assertThat(seen).isEqualTo(Instructions.names());
      assertThat(different).isEmpty();
    }
  }

  @Test
  void cutsTokensAsNltk() {
    for (JsonNode golden : Oracles.withKey("ifeval", "tokens")) {
      for (JsonNode one : golden.get("tokens")) {
        assertThat(EnglishTokens.ofSentence(one.get(0).stringValue()))
            .isEqualTo(one.get(1).valueStream().map(JsonNode::stringValue).toList());
      }
    }
  }

  @Test
  void countsSentencesAsNltk() {
    for (JsonNode golden : Oracles.withKey("ifeval", "sentences")) {
      List<String> different = new ArrayList<>();
      for (JsonNode one : golden.get("sentences")) {
        List<String> sentences = EnglishSentences.of(one.get(0).stringValue());
        if (sentences.size() != one.get(1).intValue()) {
          different.add(one + " " + sentences);
        }
      }
      different.forEach(one -> System.out.println("nltk differs: " + one));
      assertThat(different).hasSizeLessThanOrEqualTo(golden.get("sentences").size() / 100);
    }
  }

  @Test
  void findsLanguagesAsLangdetect() {
    for (JsonNode golden : Oracles.withKey("ifeval", "languages")) {
      for (JsonNode one : golden.get("languages")) {
        assertThat(ReplyLanguage.of(one.get(0).stringValue()))
            .as(one.toString())
            .hasValue(one.get(1).stringValue());
      }
    }
  }
}
