package org.bitatlas.format.check;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.JsonFile;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.JsonNode;

/** Whether the safetensors files of a folder are whole and fit their indexes. */
final class WeightFilesCheck {

  private static final String ENDING = ".safetensors";
  private static final String INDEX = ".safetensors.index.json";
  private static final Pattern SHARD = Pattern.compile("(.+)-(\\d{5})-of-(\\d{5})\\.safetensors");
  private static final int MOST_SHARDS = 10_000;

  private final Path folder;
  private final List<String> files;
  private final Findings findings;

  WeightFilesCheck(Path folder, List<String> files, Findings findings) {
    this.folder = folder;
    this.files = files;
    this.findings = findings;
  }

  /** Opens what can be opened: the files go to {@code opened}, their tensors to {@code tensors}. */
  void read(List<Checkpoint> opened, SequencedMap<String, StoredTensor> tensors) {
    Map<String, String> places = new LinkedHashMap<>();
    for (String file : files) {
      if (file.endsWith(ENDING)) {
        read(file, opened, tensors, places);
      }
    }
    Map<String, TreeSet<String>> missing = new TreeMap<>();
    numbers(missing);
    for (String file : files) {
      if (file.endsWith(INDEX)) {
        index(file, places, missing);
      }
    }
    missing.forEach((shard, why) ->
        findings.fault(
            "missing-shard",
            shard,
            "the file is missing, but " + String.join(" and ", why),
            "copy the missing file; an interrupted download can be resumed"));
  }

  private void read(
      String file,
      List<Checkpoint> opened,
      SequencedMap<String, StoredTensor> tensors,
      Map<String, String> places) {
    Checkpoint checkpoint;
    try {
      checkpoint = SafetensorsCheckpoint.open(folder.resolve(file));
    } catch (BitAtlasException damaged) {
      findings.fault(
          "damaged-file", file, FolderContents.sentence(damaged), "copy or export the file again");
      return;
    }
    opened.add(checkpoint);
    for (String name : checkpoint.names()) {
      tensors.putIfAbsent(name, checkpoint.get(name));
      String other = places.putIfAbsent(name, file);
      if (other != null) {
        findings.fault(
            "duplicate-tensor",
            name,
            "the tensor is in %s and in %s, and loaders read every file of the folder"
                .formatted(other, file),
            "delete the file that does not belong to this checkpoint");
      }
    }
  }

  private void numbers(Map<String, TreeSet<String>> missing) {
    for (String file : files) {
      Matcher shard = SHARD.matcher(file);
      if (!shard.matches()) {
        continue;
      }
      int count = Integer.parseInt(shard.group(3));
      for (int i = 1; i <= Math.min(count, MOST_SHARDS); i++) {
        String name = "%s-%05d-of-%s%s".formatted(shard.group(1), i, shard.group(3), ENDING);
        if (!files.contains(name)) {
          missing.computeIfAbsent(name, _ -> new TreeSet<>()).add("there are others of " + count);
        }
      }
    }
  }

  private void index(
      String file, Map<String, String> places, Map<String, TreeSet<String>> missing) {
    JsonNode map;
    try {
      map = JsonFile.read(folder.resolve(file)).path("weight_map");
    } catch (BitAtlasException malformed) {
      findings.fault(
          "malformed-file",
          file,
          FolderContents.sentence(malformed),
          "copy or export the index again");
      return;
    }
    if (!map.isObject() || map.isEmpty()) {
      findings.fault(
          "malformed-file",
          file,
          "the index has no object weight_map from tensors to files",
          "copy or export the index again");
      return;
    }
    for (Map.Entry<String, JsonNode> entry : map.properties()) {
      String shard = entry.getValue().asString("");
      if (shard.isEmpty() || shard.contains("/") || shard.contains("\\") || shard.contains("..")) {
        findings.fault(
            "malformed-file",
            file,
            "tensor %s is mapped to '%s', which is no file of the folder"
                .formatted(entry.getKey(), shard),
            "do not use this checkpoint: its index points outside its folder");
      } else if (!files.contains(shard)) {
        missing.computeIfAbsent(shard, _ -> new TreeSet<>()).add(file + " names it");
      } else if (!shard.equals(places.get(entry.getKey())) && !isDamaged(shard, places)) {
        findings.fault(
            "missing-tensor",
            entry.getKey(),
            "%s says that it is in %s, which does not have it".formatted(file, shard),
            "copy or export the index and its files again, together");
      }
    }
  }

  /** A file none of whose tensors is known could not be opened: that is reported already. */
  private static boolean isDamaged(String shard, Map<String, String> places) {
    return !places.containsValue(shard);
  }
}
