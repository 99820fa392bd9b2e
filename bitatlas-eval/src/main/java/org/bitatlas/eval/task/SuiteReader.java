package org.bitatlas.eval.task;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitatlas.eval.prompt.RecordTemplate;
import org.bitatlas.eval.sandbox.EvalPlusChecks;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads and validates the data file of a task. */
final class SuiteReader {

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // Inputs of programs may be infinite.
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  private SuiteReader() {}

  static Suite read(Task task, Path file, Optional<RecordTemplate> cluster) {
    byte[] content = bytes(file);
    String text = utf8(file, content);
    if (task instanceof PerplexityTask) {
      return new Suite(file, sha256(content), List.of(new Item.Text(0, text)));
    }
    List<RecordLine> records = records(file, text);
    return new Suite(
        file,
        sha256(content),
        records.stream().map(record -> item(task, record)).toList(),
        cluster
            .map(template ->
                records.stream().map(record -> template.render(record.document())).toList())
            .orElse(List.of()),
        List.of());
  }

  private static Item item(Task task, RecordLine fields) {
    int index = fields.line() - 1;
    return switch (task) {
      case GenerativeTask generative -> question(generative, fields, index);
      case MultipleChoiceTask choice -> choices(choice, fields, index);
      case CodeTask code ->
          new Item.Program(
              index,
              code.user().render(fields.document()),
              code.prefix().render(fields.document()),
              checks(code, fields));
      case RollingPerplexityTask rolling ->
          new Item.Document(index, rolling.document().render(fields.document()));
      case PerplexityTask perplexity ->
          throw new IllegalArgumentException(perplexity.name() + " has a text, not records");
      case HarnessTask harness ->
          throw new IllegalArgumentException(harness.name() + " has a folder, not a file");
    };
  }

  private static String checks(CodeTask task, RecordLine fields) {
    return switch (task.checks()) {
      case ProgramChecks.Written written -> written.source().render(fields.document());
      case ProgramChecks.EvalPlus _ -> {
        try {
          yield EvalPlusChecks.of(fields.fields());
        } catch (BitAtlasException e) {
          throw new BitAtlasException(
              fields.file() + ", line " + fields.line() + ": " + e.getMessage(), e);
        }
      }
    };
  }

  private static Item question(GenerativeTask task, RecordLine fields, int index) {
    String written = task.expected().render(fields.document());
    String expected =
        task.answer()
            .expected(written)
            .orElseThrow(() ->
                new BitAtlasException(
                    fields.file()
                        + ", line "
                        + fields.line()
                        + ": the expected answer \""
                        + written
                        + "\" has no "
                        + task.answer().describe()
                        + "."));
    OptionalInt value =
        task.subgroups()
            .map(groups -> OptionalInt.of(fields.integer(groups.field())))
            .orElse(OptionalInt.empty());
    return new Item.Question(index, task.user().render(fields.document()), expected, value);
  }

  private static Item choices(MultipleChoiceTask task, RecordLine fields, int index) {
    List<String> choices = fields.texts(task.choicesField());
    int gold = fields.integer(task.goldField());
    if (choices.size() < 2 || choices.stream().anyMatch(String::isEmpty)) {
      throw fields.error(task.choicesField(), "at least two texts, none of them empty");
    }
    if (gold < 0 || gold >= choices.size()) {
      throw fields.error(task.goldField(), "an index from 0 to " + (choices.size() - 1));
    }
    return new Item.Choices(index, task.user().render(fields.document()), choices, gold);
  }

  private static List<RecordLine> records(Path file, String text) {
    String[] lines = text.split("\n", -1);
    int count = lines[lines.length - 1].isBlank() ? lines.length - 1 : lines.length;
    if (count == 0) {
      throw new BitAtlasException(file + " has no records.");
    }
    List<RecordLine> records = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      records.add(new RecordLine(file, i + 1, object(file, i + 1, lines[i])));
    }
    return records;
  }

  private static JsonNode object(Path file, int line, String text) {
    try {
      JsonNode node = JSON.readTree(text);
      if (node.isObject()) {
        return node;
      }
    } catch (JacksonException e) {
      throw new BitAtlasException(
          file + ", line " + line + ": not valid JSON: " + e.getOriginalMessage() + ".", e);
    }
    throw new BitAtlasException(
        file + ", line " + line + ": expected one JSON object, found " + excerpt(text) + ".");
  }

  private static String excerpt(String text) {
    return text.isBlank() ? "an empty line" : text.substring(0, Math.min(40, text.length()));
  }

  static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new BitAtlasException("The file " + file + " cannot be read: " + e + ".", e);
    }
  }

  static String utf8(Path file, byte[] content) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
    } catch (CharacterCodingException e) {
      throw new BitAtlasException(file + " is not UTF-8 text; convert it to UTF-8.", e);
    }
  }

  static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
