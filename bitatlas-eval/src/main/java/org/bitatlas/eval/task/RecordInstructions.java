package org.bitatlas.eval.task;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.eval.instruction.Instruction;
import org.bitatlas.eval.instruction.Instructions;
import org.bitatlas.eval.prompt.Document;
import org.bitatlas.tensor.BitAtlasException;

/** The instructions of a record of google/IFEval. */
public final class RecordInstructions {

  private RecordInstructions() {}

  /**
   * The instructions in their order.
   *
   * @throws BitAtlasException when the record has none, or one that is not known or lacks an
   *     argument; the message names the place
   */
  public static List<Instruction> of(Document document) {
    List<String> names = document.texts("instruction_id_list");
    if (!(document.fields().get("kwargs") instanceof List<?> arguments)
        || arguments.size() != names.size()
        || names.isEmpty()) {
      throw document.error("kwargs", "as many mappings as there are instructions");
    }
    List<Instruction> instructions = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      try {
        instructions.add(Instructions.of(names.get(i), texts(arguments.get(i))));
      } catch (BitAtlasException e) {
        throw new BitAtlasException(document.place() + ": " + e.getMessage(), e);
      }
    }
    return instructions;
  }

  private static Map<String, Object> texts(Object arguments) {
    Map<String, Object> texts = new HashMap<>();
    if (arguments instanceof Map<?, ?> map) {
      map.forEach((key, value) -> texts.put(String.valueOf(key), value));
    }
    return texts;
  }
}
