package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArchitectureReaderTest {

  private static final String PANGU_1B =
      """
      {'architectures':['PanguEmbeddedForCausalLM'],'model_type':'PanguEmbedded','bias':true,
       'hidden_size':1536,'intermediate_size':6144,'num_hidden_layers':26,
       'num_attention_heads':12,'num_key_value_heads':6,'vocab_size':153376,
       'rope_theta':4000000.0,'rms_norm_eps':1e-05,'tie_word_embeddings':true,
       'hidden_act':'silu','max_position_embeddings':32768,'bos_token_id':1,'pad_token_id':0,
       'eos_token_id':45892,'torch_dtype':'bfloat16','transformers_version':'4.53.2'}
      """;
  private static final String PANGU_7B =
      """
      {'architectures':['PanguEmbeddedForCausalLM'],'model_type':'PanguEmbedded','bias':true,
       'hidden_size':4096,'intermediate_size':12800,'num_hidden_layers':34,
       'num_attention_heads':32,'num_key_value_heads':8,'vocab_size':153376,
       'rope_theta':16000000.0,'rms_norm_eps':1e-05,'tie_word_embeddings':false,
       'hidden_act':'silu','max_position_embeddings':32768,'bos_token_id':1,'pad_token_id':0,
       'eos_token_id':45892,'torch_dtype':'bfloat16'}
      """;
  private static final String R1_DISTILL_QWEN_7B =
      """
      {'architectures':['Qwen2ForCausalLM'],'model_type':'qwen2','hidden_size':3584,
       'intermediate_size':18944,'num_hidden_layers':28,'num_attention_heads':28,
       'num_key_value_heads':4,'vocab_size':152064,'rope_theta':10000,'rms_norm_eps':1e-06,
       'tie_word_embeddings':false,'hidden_act':'silu','max_position_embeddings':131072,
       'bos_token_id':151643,'eos_token_id':151643,'use_mrope':false,'sliding_window':4096,
       'use_sliding_window':false,'max_window_layers':28,'torch_dtype':'bfloat16'}
      """;
  private static final String QWQ_32B =
      """
      {'architectures':['Qwen2ForCausalLM'],'model_type':'qwen2','hidden_size':5120,
       'intermediate_size':27648,'num_hidden_layers':64,'num_attention_heads':40,
       'num_key_value_heads':8,'vocab_size':152064,'rope_theta':1000000.0,'rms_norm_eps':1e-05,
       'tie_word_embeddings':false,'hidden_act':'silu','max_position_embeddings':131072,
       'bos_token_id':151643,'eos_token_id':151645,'use_sliding_window':false,
       'sliding_window':32768,'max_window_layers':64}
      """;
  private static final String LLAMA_2_7B =
      """
      {'architectures':['LlamaForCausalLM'],'model_type':'llama','hidden_size':4096,
       'intermediate_size':11008,'num_hidden_layers':32,'num_attention_heads':32,
       'vocab_size':32000,'rms_norm_eps':1e-05,'tie_word_embeddings':false,'hidden_act':'silu',
       'max_position_embeddings':4096,'bos_token_id':1,'eos_token_id':2,'pretraining_tp':1,
       'rope_scaling':null}
      """;
  private static final String LLAMA_3_2_1B =
      """
      {'architectures':['LlamaForCausalLM'],'model_type':'llama','attention_bias':false,
       'mlp_bias':false,'head_dim':64,'hidden_size':2048,'intermediate_size':8192,
       'num_hidden_layers':16,'num_attention_heads':32,'num_key_value_heads':8,
       'vocab_size':128256,'rms_norm_eps':1e-05,'tie_word_embeddings':true,'hidden_act':'silu',
       'max_position_embeddings':131072,'bos_token_id':128000,
       'eos_token_id':[128001,128008,128009],'rope_theta':500000.0,
       'rope_scaling':{'factor':32.0,'high_freq_factor':4.0,'low_freq_factor':1.0,
                       'original_max_position_embeddings':8192,'rope_type':'llama3'}}
      """;

  @TempDir Path folder;

  @Test
  void readsOpenPangu1b() {
    Architecture architecture = read(PANGU_1B);
    assertThat(architecture)
        .isEqualTo(
            new Architecture(
                "PanguEmbeddedForCausalLM",
                153376,
                1536,
                6144,
                26,
                12,
                6,
                128,
                1e-5,
                new RotaryEmbedding.Plain(4_000_000),
                true,
                true,
                false,
                true,
                32768,
                0,
                List.of(),
                1,
                List.of(45892)));
    assertThat(parameters(architecture)).isEqualTo(1_155_912_192L);
  }

  @Test
  void readsOpenPangu7b() {
    Architecture architecture = read(PANGU_7B);
    assertThat(architecture.headDimension()).isEqualTo(128);
    assertThat(architecture.rope()).isEqualTo(new RotaryEmbedding.Plain(16_000_000));
    assertThat(architecture.tiedEmbeddings()).isFalse();
    assertThat(architecture.hasBias(Projection.OUTPUT)).isTrue();
    assertThat(architecture.hasBias(Projection.DOWN)).isFalse();
    assertThat(parameters(architecture)).isEqualTo(8_030_887_936L);
    assertThat(CheckpointValidation.expectedTensors(architecture)).hasSize(34 * 13 + 3);
  }

  @Test
  void readsQwen2() {
    Architecture distill = read(R1_DISTILL_QWEN_7B);
    assertThat(distill.rope()).isEqualTo(new RotaryEmbedding.Plain(10_000));
    assertThat(distill.hasBias(Projection.VALUE)).isTrue();
    assertThat(distill.hasBias(Projection.OUTPUT)).isFalse();
    assertThat(distill.slidingWindow()).isZero();
    assertThat(distill.slidingWindowLayers()).isEmpty();
    assertThat(parameters(distill)).isEqualTo(7_615_616_512L);
    Architecture qwq = read(QWQ_32B);
    assertThat(qwq.headDimension()).isEqualTo(128);
    assertThat(qwq.rmsNormEpsilon()).isEqualTo(1e-5);
    assertThat(qwq.endOfSequenceIds()).containsExactly(151645);
    assertThat(parameters(qwq)).isEqualTo(32_763_876_352L);
  }

  @Test
  void readsLlama2WithItsDefaults() {
    Architecture architecture = read(LLAMA_2_7B);
    assertThat(architecture.keyValueHeads()).isEqualTo(32);
    assertThat(architecture.rope()).isEqualTo(new RotaryEmbedding.Plain(10_000));
    assertThat(architecture.hasBias(Projection.QUERY)).isFalse();
    assertThat(parameters(architecture)).isEqualTo(6_738_415_616L);
  }

  @Test
  void readsLlama3Scaling() {
    Architecture architecture = read(LLAMA_3_2_1B);
    assertThat(architecture.rope()).isEqualTo(new RotaryEmbedding.Llama3(500_000, 32, 1, 4, 8192));
    assertThat(architecture.endOfSequenceIds()).containsExactly(128001, 128008, 128009);
    assertThat(parameters(architecture)).isEqualTo(1_235_814_400L);
  }

  @Test
  void readsRopeParametersOfTransformers5() {
    assertThat(
            read(LLAMA_2_7B.replace(
                    "'rope_scaling':null",
                    "'rope_parameters':{'rope_type':'linear','factor':2,'rope_theta':5e5}"))
                .rope())
        .isEqualTo(new RotaryEmbedding.Linear(500_000, 2));
    assertThat(
            read(LLAMA_2_7B.replace(
                    "'rope_scaling':null",
                    "'rope_parameters':{'rope_type':'default','rope_theta':20000.0}"))
                .rope())
        .isEqualTo(new RotaryEmbedding.Plain(20_000));
    assertThat(read(LLAMA_2_7B.replace("null", "{'type':'linear','factor':4.0}")).rope())
        .isEqualTo(new RotaryEmbedding.Linear(10_000, 4));
  }

  @Test
  void readsSlidingWindowLayers() {
    String windowed = QWQ_32B.replace("'use_sliding_window':false", "'use_sliding_window':true");
    assertThat(read(windowed).slidingWindow()).isEqualTo(32768);
    assertThat(read(windowed).slidingWindowLayers()).isEmpty();
    Architecture upper = read(windowed.replace("'max_window_layers':64", "'max_window_layers':62"));
    assertThat(upper.slidingWindowLayers()).containsExactly(62, 63);
    Architecture typed =
        read(
            windowed
                .replace("'num_hidden_layers':64", "'num_hidden_layers':3")
                .replace(
                    "'max_window_layers':64",
                    "'layer_types':['sliding_attention','full_attention','sliding_attention']"));
    assertThat(typed.slidingWindowLayers()).containsExactly(0, 2);
    assertThat(read(windowed.replace("'sliding_window':32768", "'sliding_window':null")))
        .extracting(Architecture::slidingWindow)
        .isEqualTo(0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'param_sink_number':128",
        "'qk_rope_dim':32",
        "'layer_types':['full_attention']",
        "'sliding_window':4096",
        "'sandwich_norm':true",
        "'num_nextn_predict_layers':1",
        "'n_routed_experts':64"
      })
  void refusesLookAlikesOfOpenPanguByKey(String pair) {
    String key = pair.substring(1, pair.indexOf('\'', 1));
    assertFails(withPair(PANGU_7B, pair), "key '" + key + "' means ");
    if (!key.equals("sandwich_norm") && !key.equals("n_routed_experts")) {
      assertFails(withPair(PANGU_7B, pair), "openPangu-R-7B-2512");
    }
  }

  @Test
  void acceptsLookAlikeKeysThatAreSwitchedOff() {
    String off = "'sliding_window':null,'num_nextn_predict_layers':0,'sandwich_norm':false";
    assertThat(read(withPair(PANGU_7B, off))).isEqualTo(read(PANGU_7B));
  }

  @Test
  void refusesRopeScalingThatIsNotImplemented() {
    String yarn = "'rope_scaling':{'type':'yarn','factor':4.0}";
    assertFails(withPair(QWQ_32B, yarn), "'rope_scaling.type' is 'yarn'");
    assertFails(
        withPair(PANGU_7B, "'rope_scaling':{'rope_type':'linear','factor':2.0}"),
        "'rope_scaling.rope_type' is 'linear'");
    assertFails(withPair(QWQ_32B, "'rope_scaling':'yarn'"), "expected an object");
    assertFails(withPair(QWQ_32B, "'partial_rotary_factor':0.5"), "'partial_rotary_factor'");
    assertFails(
        withPair(QWQ_32B, "'rope_parameters':{'full_attention':{'rope_theta':1.0}}"),
        "'rope_parameters.full_attention'");
    assertFails(
        LLAMA_3_2_1B.replace("'low_freq_factor':1.0,", ""), "'rope_scaling.low_freq_factor' is");
  }

  @Test
  void namesWhatIsSupportedForAnotherArchitecture() {
    assertFails(
        "{'architectures':['GPT2LMHeadModel']}",
        "'GPT2LMHeadModel'; supported are PanguEmbeddedForCausalLM, Qwen2ForCausalLM,"
            + " LlamaForCausalLM.");
    assertFails("{'model_type':'opt'}", "model type 'opt'");
    assertFails("{}", "no named architecture");
    assertThat(read(PANGU_7B.replace("'architectures':['PanguEmbeddedForCausalLM'],", "")))
        .isEqualTo(read(PANGU_7B));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'hidden_size':4096,| |'hidden_size' is missing; expected a positive integer",
        "'hidden_size':4096|'hidden_size':'4096'|'hidden_size' is \"4096\"; expected an integer",
        "'hidden_size':4096|'hidden_size':4096.5|'hidden_size' is 4096.5; expected an integer",
        "'hidden_size':4096|'hidden_size':0|'hidden_size' is 0; expected a positive integer",
        "'hidden_size':4096|'hidden_size':99999999999|expected an integer of 32 bits",
        "'hidden_size':4096|'hidden_size':4098|'hidden_size' is 4098, not a multiple of",
        "'hidden_size':4096|'hidden_size':4128|'hidden_size' makes heads of width 129",
        "'num_key_value_heads':8|'num_key_value_heads':5|which does not divide",
        "'rms_norm_eps':1e-05|'rms_norm_eps':-1|'rms_norm_eps' is -1.0; expected a positive",
        "'rope_theta':16000000.0|'rope_theta':0|'rope_theta' is 0.0; expected a positive",
        "'bias':true|'bias':1|'bias' is 1; expected true or false",
        "'hidden_act':'silu'|'hidden_act':'gelu'|'hidden_act' is 'gelu'; only 'silu'",
        "'eos_token_id':45892|'eos_token_id':153376|'eos_token_id' is 153376, outside",
        "'eos_token_id':45892|'eos_token_id':['a']|'eos_token_id' is \"a\"; expected an integer",
        "'architectures':['PanguEmbeddedForCausalLM']|'architectures':7|expected a list of strings"
      })
  void namesTheKeyThatIsWrong(String found, String replacement, String message) {
    String other = PANGU_7B.replace(found, replacement == null ? "" : replacement);
    assertThat(other).isNotEqualTo(PANGU_7B);
    assertFails(other, message);
  }

  @Test
  void reportsFilesThatAreNoConfiguration() {
    assertFails("{", "Cannot read the configuration");
    assertFails("[]", "is not a JSON object");
    assertFails("{'bias':true,'bias':false}", "Cannot read the configuration");
    assertThatThrownBy(() -> ArchitectureReader.read(folder.resolve("absent.json")))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("is missing");
  }

  private static String withPair(String configuration, String pair) {
    return configuration.replaceFirst("\\{", "{" + pair + ",");
  }

  private static long parameters(Architecture architecture) {
    return CheckpointValidation.expectedTensors(architecture).values().stream()
        .mapToLong(shape -> shape.stream().reduce(1L, Math::multiplyExact))
        .sum();
  }

  private void assertFails(String json, String message) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining(message);
  }

  private Architecture read(String json) {
    Path file = folder.resolve("config.json");
    try {
      Files.writeString(file, json.replace('\'', '"'));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return ArchitectureReader.read(file);
  }
}
