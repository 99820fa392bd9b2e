package org.bitatlas.tokenizer;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A chat template rendered as transformers renders it: {@code trim_blocks} and {@code
 * lstrip_blocks} on, one trailing newline of the source dropped, {@code raise_exception} and {@code
 * strftime_now} defined, Python's string methods available, what is substituted never read as a
 * template again.
 *
 * <p>The template comes with the model and is not trusted: it reaches no Java class, its output,
 * strings, lists and ranges are limited, and so is the number of nodes it renders, so that an
 * endless one ends with an error.
 */
final class JinjaChatTemplate implements ChatTemplate {

  private static final long LARGEST_OUTPUT = 16L << 20;
  private static final int LARGEST_COLLECTION = 100_000;
  private static final int NODE_LIMIT = 200_000;
  private static final int DEPTH_LIMIT = 20;

  /** Nodes rendered so far by the rendering on this thread. */
  private static final ScopedValue<AtomicInteger> NODES = ScopedValue.newInstance();

  private static final class TemplateTooLong extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private final String name;
  private final String source;
  private final Map<String, String> specialTokens;
  private final Jinjava jinjava;
  private final String digest;

  /**
   * A template; nothing is rendered yet.
   *
   * @param name where it comes from, for error messages
   * @param source Jinja source
   * @param specialTokens {@code bos_token}, {@code eos_token} and so on, as variables
   */
  JinjaChatTemplate(String name, String source, Map<String, String> specialTokens) {
    this.name = name;
    this.source = source;
    this.specialTokens = Map.copyOf(specialTokens);
    this.jinjava = jinjava();
    this.digest = Digests.of("jinja", source.getBytes(StandardCharsets.UTF_8), "");
  }

  private static Jinjava jinjava() {
    JinjavaConfig config =
        JinjavaConfig.newBuilder()
            .withTrimBlocks(true)
            .withLstripBlocks(true)
            .withKeepTrailingNewline(false)
            .withNestedInterpretationEnabled(false)
            .withEnableRecursiveMacroCalls(true)
            .withMaxMacroRecursionDepth(DEPTH_LIMIT)
            .withMaxRenderDepth(DEPTH_LIMIT)
            .withMaxOutputSize(LARGEST_OUTPUT)
            .withMaxStringLength(LARGEST_OUTPUT)
            .withMaxListSize(LARGEST_COLLECTION)
            .withMaxMapSize(LARGEST_COLLECTION)
            .withElResolver(new PythonMethods())
            .withNodePreProcessor((node, interpreter) -> countNode())
            .withLegacyOverrides(
                LegacyOverrides.Builder.from(LegacyOverrides.ALL)
                    .withWhitespaceRequiredWithinTokens(false)
                    .build())
            .build();
    Jinjava jinjava = new Jinjava(config);
    for (String function : List.of("raise_exception", "strftime_now")) {
      jinjava
          .getGlobalContext()
          .registerFunction(
              new ELFunctionDefinition(
                  "", function, TemplateFunctions.class, function, String.class));
    }
    return jinjava;
  }

  private static void countNode() {
    if (NODES.isBound() && NODES.get().incrementAndGet() > NODE_LIMIT) {
      throw new TemplateTooLong();
    }
  }

  @Override
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
    Map<String, Object> variables = new HashMap<>(specialTokens);
    variables.put("messages", messages.stream().map(JinjaChatTemplate::variables).toList());
    variables.put("add_generation_prompt", addGenerationPrompt);
    RenderResult result =
        ScopedValue.where(NODES, new AtomicInteger())
            .call(() -> jinjava.renderForResult(JinjaSource.adapt(source), variables));
    if (!result.getErrors().isEmpty()) {
      throw failure(result.getErrors());
    }
    return result.getOutput();
  }

  private static Map<String, Object> variables(ChatMessage message) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("role", message.role());
    map.put("content", message.content());
    return map;
  }

  private BitAtlasException failure(List<TemplateError> errors) {
    for (TemplateError error : errors) {
      for (Throwable cause = error.getException(); cause != null; cause = cause.getCause()) {
        if (cause instanceof TemplateFunctions.Refusal refusal) {
          return new BitAtlasException(
              "The chat template of "
                  + name
                  + " refuses the conversation: "
                  + refusal.getMessage());
        }
        if (cause instanceof TemplateTooLong) {
          return new BitAtlasException(
              "The chat template of "
                  + name
                  + " was stopped after "
                  + NODE_LIMIT
                  + " steps: it is endless, or the conversation is far too long.");
        }
      }
    }
    TemplateError first = errors.getFirst();
    return new BitAtlasException(
        "The chat template of "
            + name
            + " cannot be rendered (line "
            + first.getLineno()
            + "): "
            + first.getMessage()
            + ".");
  }

  @Override
  public String digest() {
    return digest;
  }
}
