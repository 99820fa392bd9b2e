"""What compressed-tensors, GPTQModel, AutoAWQ and transformers make of checkpoints, and what they write; see formats.sh.

Reads one command as a JSON object a line and answers with one JSON object a line. Weights go to safetensors files: fp32
[out x in] under the names of their modules. The libraries multiply in the type of the scales, mostly fp16; here their own
code runs with scales widened to fp32, where no product is rounded away, so that weights can be compared bit for bit.
"""

import importlib.metadata
import json
import os
import pathlib
import sys
import types

# Workers of GPTQModel's pools: its default of half the cores is refused by itself on two. Packing without its C++ extension.
os.environ.setdefault("GPTQMODEL_CPU_WORKERS", "2")
os.environ.setdefault("GPTQMODEL_DISABLE_PACK_EXT", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# Libraries print; the answers go where the caller reads.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

torch.set_num_threads(1)

# Unpacked beside the packages by formats.sh.
AUTOAWQ = pathlib.Path(sys.prefix) / "autoawq-0.2.9"


def versions():
    names = ("torch", "transformers", "compressed-tensors", "gptqmodel", "optimum")
    found = {name: importlib.metadata.version(name) for name in names}
    found["autoawq"] = AUTOAWQ.name.removeprefix("autoawq-")
    return found


def tensors(folder):
    """All tensors of a folder's safetensors files, by name."""
    found = {}
    for file in sorted(pathlib.Path(folder).glob("*.safetensors")):
        with safe_open(file, framework="pt") as content:
            for name in content.keys():
                found[name] = content.get_tensor(name)
    return found


def configuration(folder):
    return json.loads((pathlib.Path(folder) / "config.json").read_text())


def modules(stored, suffix):
    return sorted(name.removesuffix(suffix) for name in stored if name.endswith(suffix))


def save(weights, out):
    save_file({name: weight.detach().float().contiguous() for name, weight in weights.items()}, out)
    return {"layers": len(weights), "weights": sum(weight.numel() for weight in weights.values())}


def tokenizer(folder):
    """GPTQModel opens no model without a tokenizer: a trivial one, where there is none."""
    if (pathlib.Path(folder) / "tokenizer.json").exists():
        return
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    size = configuration(folder)["vocab_size"]
    words = Tokenizer(models.WordLevel({f"t{i}": i for i in range(size)}, unk_token="t0"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    made = PreTrainedTokenizerFast(tokenizer_object=words, bos_token="t1", eos_token="t2", pad_token="t0")
    made.save_pretrained(folder)


def float_model(folder):
    """A Llama of two blocks with seeded weights, saved by transformers; GPTQModel's AWQ wants multiples of 64 outputs."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(5)
    config = LlamaConfig(
        hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4, head_dim=16,
        vocab_size=128, max_position_embeddings=512, tie_word_embeddings=False, bos_token_id=1, eos_token_id=2)
    LlamaForCausalLM(config).half().save_pretrained(folder)
    tokenizer(folder)
    return {}


def qwen2_model(folder, corpus, texts):
    """A Qwen2 of two blocks with seeded weights, its byte-level tokenizer trained on a file; the ids of some texts."""
    from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen2Tokenizer

    marks = ["<|im_start|>", "<|im_end|>"]
    lines = pathlib.Path(corpus).read_text(encoding="utf-8").splitlines()
    tokenizer = Qwen2Tokenizer().train_new_from_iterator(lines, 512, new_special_tokens=marks)
    torch.manual_seed(11)
    config = Qwen2Config(
        hidden_size=256, intermediate_size=512, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=len(tokenizer),
        max_position_embeddings=512, tie_word_embeddings=False, bos_token_id=None, eos_token_id=tokenizer.eos_token_id)
    model = Qwen2ForCausalLM(config)
    for name, parameter in model.named_parameters():
        # Fresh biases are 0, and fresh logits hardly differ.
        if name.endswith("_proj.bias"):
            torch.nn.init.normal_(parameter, std=0.1)
        if name == "lm_head.weight":
            torch.nn.init.normal_(parameter, std=0.5)
    model.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return {"ids": [tokenizer(text).input_ids for text in texts]}


# transformers


def logits(folder, ids, out):
    """Logits of all positions in fp32, by transformers' own loading of the folder."""
    method = configuration(folder)["quantization_config"]["quant_method"]
    options = {}
    if method == "gptq":
        from transformers import GPTQConfig

        bits = configuration(folder)["quantization_config"]["bits"]
        options["quantization_config"] = GPTQConfig(bits=bits, backend="gptq_torch")
    if method == "awq":
        from transformers import AwqConfig

        options["quantization_config"] = AwqConfig(backend="torch_awq")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, device_map="cpu", **options)
    kinds = sorted({type(module).__name__ for module in model.model.layers[0].modules() if hasattr(module, "in_features")})
    with torch.inference_mode():
        found = model(torch.tensor([ids])).logits[0]
    save_file({"logits": found.float().contiguous()}, out)
    return {"modules": kinds}


# compressed-tensors


def unpack_compressed_tensors(folder, out):
    """The library's decompressors on the layers of every configuration group."""
    from compressed_tensors.compressors.base import BaseCompressor
    from compressed_tensors.quantization import QuantizationConfig
    from compressed_tensors.utils import match_named_modules

    section = configuration(folder)["quantization_config"]
    config = QuantizationConfig.model_validate({k: v for k, v in section.items() if k not in ("quant_method", "sparsity_config", "transform_config")})
    stored = tensors(folder)
    with torch.device("meta"):
        from transformers import AutoConfig

        skeleton = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    weights = {}
    for scheme in config.config_groups.values():
        for name, _ in match_named_modules(skeleton, scheme.targets, config.ignore):
            parts = {
                key.removeprefix(name + "."): value
                for key, value in stored.items()
                if key.startswith(name + ".weight")
            }
            parts["weight_scale"] = parts["weight_scale"].float()
            compressor = BaseCompressor.get_value_from_registry(scheme.format or config.format)
            weights[name] = compressor.decompress(parts, scheme)["weight"]
    return save(weights, out)


# GPTQModel


def opened(folder):
    from gptqmodel import BACKEND, GPTQModel

    tokenizer(folder)
    method = configuration(folder)["quantization_config"]["quant_method"]
    backend = BACKEND.AWQ_TORCH if method == "awq" else BACKEND.GPTQ_TORCH
    # Without a type GPTQModel rounds scales to bf16 on a CPU.
    return GPTQModel.load(folder, device="cpu", backend=backend, dtype=torch.float16).model


def unpack_gptqmodel(folder, out):
    """The weights of GPTQModel's own layers after its own loading."""
    from gptqmodel.nn_modules.qlinear.torch import TorchLinear
    from gptqmodel.nn_modules.qlinear.torch_awq import AwqTorchLinear
    from gptqmodel.quantization.awq.utils.packing_utils import dequantize_gemm

    weights = {}
    for name, module in opened(folder).named_modules():
        if isinstance(module, TorchLinear):
            module.scales = module.scales.float()
            weights[name] = module.dequantize_weight().T
        if isinstance(module, AwqTorchLinear):
            weight = dequantize_gemm(module.qweight, module.qzeros, module.scales.float(), module.bits, module.group_size)
            weights[name] = weight.T
    return save(weights, out)


def write_gptqmodel(model, folder, method, format, bits, group, act_order, symmetric, dynamic=None):
    """Quantizes a float model and saves it, all by GPTQModel."""
    from gptqmodel import GPTQModel, QuantizeConfig

    tokenizer(model)
    config = QuantizeConfig(
        bits=bits, group_size=group, desc_act=act_order, sym=symmetric, method=method, format=format, act_group_aware=False, offload_to_disk=False,
        dynamic=dynamic)
    draw = torch.Generator().manual_seed(bits)
    size = configuration(model)["vocab_size"]
    texts = [torch.randint(3, size, (64,), generator=draw).tolist() for _ in range(16)]
    made = GPTQModel.load(model, config, device="cpu", dtype=torch.float16)
    made.quantize([{"input_ids": ids, "attention_mask": [1] * len(ids)} for ids in texts], batch_size=1)
    made.save(folder)
    return configuration(folder)["quantization_config"]


# AutoAWQ


def autoawq():
    """AutoAWQ's GEMM layer and unpacking. Its package wants a transformers of its own time, so only these modules are run."""
    for name in ("awq", "awq.modules", "awq.modules.linear"):
        if name not in sys.modules:
            package = types.ModuleType(name)
            package.__path__ = [str(AUTOAWQ.joinpath(*name.split(".")))]
            sys.modules[name] = package
    from awq.modules.linear.gemm import WQLinear_GEMM
    from awq.utils.packing_utils import dequantize_gemm

    return WQLinear_GEMM, dequantize_gemm


def unpack_autoawq(folder, out):
    dequantize = autoawq()[1]
    section = configuration(folder)["quantization_config"]
    stored = tensors(folder)
    weights = {}
    for name in modules(stored, ".qweight"):
        qweight = stored[name + ".qweight"]
        group = section["group_size"] if section["group_size"] > 0 else qweight.shape[0]
        weights[name] = dequantize(qweight, stored[name + ".qzeros"], stored[name + ".scales"].float(), section["bits"], group).T
    return save(weights, out)


def write_autoawq(model, folder, group, out):
    """Seeded codes, fp16 scales and zero points for every layer of a float model, packed by AutoAWQ's layer."""
    layer = autoawq()[0]
    stored = tensors(model)
    draw = torch.Generator().manual_seed(group)
    weights, saved = {}, {}
    for name, tensor in stored.items():
        module = name.removesuffix(".weight")
        if not module.endswith("_proj") or tensor.dim() != 2:
            saved[name] = tensor
            continue
        rows, columns = tensor.shape
        width = group if group > 0 else columns
        codes = torch.randint(0, 16, (rows, columns), generator=draw)
        zeros = torch.randint(0, 16, (rows, columns // width), generator=draw)
        scales = (torch.rand((rows, columns // width), generator=draw) / 64 + 2**-10).half()
        spread = scales.float().repeat_interleave(width, 1)
        weight = spread * (codes - zeros.repeat_interleave(width, 1))
        linear = torch.nn.Linear(columns, rows, bias=False)
        linear.weight.data = weight
        # As its quantizer calls it: scales and zero points [G x N].
        packed = layer.from_linear(linear, 4, width, scales=scales.T.contiguous(), zeros=zeros.T.contiguous().float())
        for part in ("qweight", "qzeros", "scales"):
            saved[f"{module}.{part}"] = getattr(packed, part).contiguous()
        weights[module] = weight
    target = pathlib.Path(folder)
    target.mkdir(parents=True)
    config = configuration(model)
    config["quantization_config"] = {"quant_method": "awq", "zero_point": True, "group_size": group, "bits": 4, "version": "gemm", "modules_to_not_convert": None}
    (target / "config.json").write_text(json.dumps(config))
    save_file(saved, target / "model.safetensors", {"format": "pt"})
    return save(weights, out)


def write_compressed_tensors(model, folder, scheme, out):
    """A float model quantized with the library's own ranges, compressed and saved by it and by transformers."""
    from compressed_tensors.compressors import ModelCompressor
    from compressed_tensors.quantization import QuantizationConfig, apply_quantization_config
    from compressed_tensors.quantization.lifecycle.forward import fake_quantize
    from compressed_tensors.quantization.utils import calculate_qparams

    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    config = QuantizationConfig(config_groups={"group_0": {"targets": ["Linear"], **scheme}}, ignore=["lm_head"])
    apply_quantization_config(loaded, config)
    weights = {}
    for name, module in loaded.named_modules():
        scheme = getattr(module, "quantization_scheme", None)
        if scheme is None:
            continue
        arguments = scheme.weights
        rows, columns = module.weight.shape
        width = arguments.group_size or columns
        grouped = module.weight.data.reshape(rows, columns // width, width)
        scale, zero = calculate_qparams(grouped.amin(-1), grouped.amax(-1), arguments)
        module.weight_scale.data = scale.reshape(module.weight_scale.shape).to(module.weight_scale.dtype)
        if hasattr(module, "weight_zero_point"):
            module.weight_zero_point.data = zero.reshape(module.weight_zero_point.shape).to(module.weight_zero_point.dtype)
        weights[name] = fake_quantize(module.weight, module.weight_scale, getattr(module, "weight_zero_point", None), arguments)
        if hasattr(module, "input_scale"):
            module.input_scale.data.fill_(0.03)
        module.quantization_status = "frozen"
    compressor = ModelCompressor.from_pretrained_model(loaded)
    compressor.compress_model(loaded)
    loaded.save_pretrained(folder)
    compressor.update_config(folder)
    return save(weights, out)


commands = {
    function.__name__: function
    for function in (
        versions, float_model, qwen2_model, logits, unpack_compressed_tensors, write_compressed_tensors, unpack_gptqmodel, write_gptqmodel,
        unpack_autoawq, write_autoawq)
}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = commands[request.pop("do")](**request)
    except Exception as problem:
        import traceback

        traceback.print_exc()
        answer = {"error": f"{type(problem).__name__}: {problem}"[:400]}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
