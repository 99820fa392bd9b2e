package org.bitatlas.eval.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Checks of a record of MBPP+ or HumanEval+ in the layout of EvalPlus (Liu et al., 2023): the
 * program is called with every input and must give what the reference solution gives, floats within
 * a tolerance, with the exceptions that EvalPlus makes for single tasks.
 */
public final class EvalPlusChecks {

  private static final List<String> FIELDS =
      List.of(
          "task_id",
          "prompt",
          "entry_point",
          "canonical_solution",
          "base_input",
          "plus_input",
          "atol");
  // Inputs may be infinite.
  private static final JsonMapper JSON =
      JsonMapper.builder().disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS).build();
  private static final String COMPARISON = comparison();

  private EvalPlusChecks() {}

  private static String comparison() {
    try (InputStream source = EvalPlusChecks.class.getResourceAsStream("evalplus.py")) {
      if (source == null) {
        throw new IllegalStateException("evalplus.py is not on the class path");
      }
      return new String(source.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Python source that raises where the program is wrong.
   *
   * @param task one record
   * @throws BitAtlasException when the record lacks a field
   */
  public static String of(JsonNode task) {
    ObjectNode kept = JSON.createObjectNode();
    for (String field : FIELDS) {
      if (!task.has(field)) {
        throw new BitAtlasException(
            "A record for EvalPlus's checks lacks the field \"" + field + "\".");
      }
      kept.set(field, task.get(field));
    }
    String name = kept.get("entry_point").asString();
    if (!name.matches("\\w+")) {
      throw new BitAtlasException("\"" + name + "\" is not the name of a Python function.");
    }
    // A JSON text is also a Python literal of the same text.
    String literal = JSON.writeValueAsString(JSON.writeValueAsString(kept));
    return COMPARISON + "\n\ncheck_evalplus(" + literal + ", " + name + ")\n";
  }
}
