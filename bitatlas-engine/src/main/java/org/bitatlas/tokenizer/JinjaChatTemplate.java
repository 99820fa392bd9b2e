package org.bitatlas.tokenizer;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A chat template rendered as transformers renders it: {@code trim_blocks} and {@code
 * lstrip_blocks} on, one trailing newline of the source dropped, {@code raise_exception} and {@code
 * strftime_now} defined, Python's string methods available, what is substituted never read as a
 * template again.
 *
 * <p>The template comes with the model and is not trusted: it reaches no Java class, its output,
 * strings, lists and ranges are limited, and so are the nodes it renders and its time, so that an
 * endless one ends with an error.
 */
final class JinjaChatTemplate implements ChatTemplate {

  private static final long LARGEST_OUTPUT = 16L << 20;
  private static final int LARGEST_COLLECTION = 100_000;
  private static final int NODE_LIMIT = 200_000;
  private static final int DEPTH_LIMIT = 20;

  private static final Duration TIME_LIMIT = Duration.ofSeconds(10);

  /** What is left to the rendering on this thread. */
  private static final ScopedValue<Budget> BUDGET = ScopedValue.newInstance();

  private static final class Budget {
    private final long start = System.nanoTime();
    private int nodes;

    void spend() {
      nodes++;
      if (nodes > NODE_LIMIT || System.nanoTime() - start > TIME_LIMIT.toNanos()) {
        throw new TemplateTooLong();
      }
    }
  }

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
    this.source = adapt(name, source);
    this.specialTokens = Map.copyOf(specialTokens);
    this.jinjava = jinjava();
    this.digest = Digests.of("jinja", source.getBytes(StandardCharsets.UTF_8), "");
  }

  private static String adapt(String name, String source) {
    try {
      return JinjaSource.adapt(source);
    } catch (BitAtlasException e) {
      throw new BitAtlasException(
          "The chat template of " + name + " cannot be used: " + e.getMessage() + ".", e);
    }
  }

  // Jinjava marks its hook and its legacy flags as deprecated, but offers no other way yet.
  @SuppressWarnings("deprecation")
  private static Jinjava jinjava() {
    JinjavaConfig config =
        JinjavaConfig.newBuilder()
            .withTrimBlocks(false)
            .withLstripBlocks(false)
            .withKeepTrailingNewline(true)
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
    jinjava.getGlobalContext().registerFilter(new ToJsonFilter());
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
    if (BUDGET.isBound()) {
      BUDGET.get().spend();
    }
  }

  @Override
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
    Map<String, Object> variables = new HashMap<>(specialTokens);
    variables.put("messages", messages.stream().map(JinjaChatTemplate::variables).toList());
    variables.put("add_generation_prompt", addGenerationPrompt);
    // So that `strftime_now is defined` holds; a call finds the function of this name.
    variables.put("strftime_now", true);
    RenderResult result =
        ScopedValue.where(BUDGET, new Budget())
            .call(() -> jinjava.renderForResult(source, variables));
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
                  + " steps or "
                  + TIME_LIMIT.toSeconds()
                  + " seconds: it is endless, or the conversation is far too long.");
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
            + first.getMessage().lines().findFirst().orElse("no reason given")
            + ".");
  }

  @Override
  public String digest() {
    return digest;
  }
}
