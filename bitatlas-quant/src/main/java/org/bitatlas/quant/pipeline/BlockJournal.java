package org.bitatlas.quant.pipeline;

import java.util.ArrayList;
import java.util.List;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is known of a finished block besides its tensors, as one line of JSON beside them.
 *
 * @param reports one per linear layer
 * @param notes what a user must know
 */
record BlockJournal(List<LayerReport> reports, List<String> notes) {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  String toJson() {
    ObjectNode root = JSON.createObjectNode();
    ArrayNode layers = root.putArray("layers");
    reports.forEach(report -> layers.add(JSON.readTree(report.toJson())));
    ArrayNode texts = root.putArray("notes");
    notes.forEach(texts::add);
    return JSON.writeValueAsString(root);
  }

  static BlockJournal fromJson(String json) {
    try {
      JsonNode root = JSON.readTree(json);
      List<LayerReport> reports = new ArrayList<>();
      for (JsonNode layer : root.path("layers")) {
        reports.add(LayerReport.fromJson(layer.toString()));
      }
      List<String> notes = new ArrayList<>();
      for (JsonNode note : root.path("notes")) {
        notes.add(note.stringValue());
      }
      return new BlockJournal(reports, notes);
    } catch (JacksonException e) {
      throw new BitAtlasException(
          "The journal of a finished block is damaged; delete the unfinished folder and start again.",
          e);
    }
  }
}
