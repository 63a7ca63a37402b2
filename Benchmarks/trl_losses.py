# /// script
# requires-python = ">=3.11"
# dependencies = ["trl==1.16.0", "peft==0.21.2", "transformers==5.24.0", "torch==2.13.0", "pillow"]
# ///
"""Compares what `distill export-training --for trl` writes with what the run trains: losses of every update and the last adapters.

    python trl_losses.py --distill .build/release/distill [--work FOLDER] [--only NAME]

For each case a tiny student with random weights (llama, or smolvlm with photos of several sizes), two recorded teachers and a
configuration are made; `distill run` trains both stages, `distill export-training` writes the folder, and the trainers of its
train.py go through all updates. Stage 2 goes on from the adapter that the run trained. Printed for each stage are the loss of the
first update on both sides and their largest difference over all updates, with the largest difference of an adapter's elements;
the program ends with 1 where a first loss differs by more than 1e-4.
"""
import argparse
import importlib.util
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
import transformers as T
from PIL import Image
from safetensors.torch import load_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

WORDS = ["The photo fits the caption.", "It is used out of context, and the shadow is wrong.", "It is pristine.", "It is falsified."]
TURNS = (
    "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}{% if message['content'][0]['type'] == 'image' %}:"
    "{% else %}: {% endif %}{% for line in message['content'] %}{% if line['type'] == 'text' %}{{ line['text'] }}"
    "{% elif line['type'] == 'image' %}<image>{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tokenizer(special, **roles):
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(WORDS * 3, trainers.BpeTrainer(vocab_size=360, special_tokens=special, initial_alphabet=alphabet))
    return T.PreTrainedTokenizerFast(tokenizer_object=made, **roles)


def scatter(model):
    """Weights far enough from 0 that tokens differ."""
    generator = torch.Generator().manual_seed(0)
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1:
            parameter.data.normal_(0, 0.2, generator=generator)
    return model


def llama(folder):
    words = tokenizer(["<|im_start|>", "<|im_end|>"], bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|im_end|>")
    words.chat_template = CHAT
    words.save_pretrained(folder)
    config = T.LlamaConfig(
        hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=len(words), max_position_embeddings=512, bos_token_id=0, eos_token_id=1, tie_word_embeddings=True,
    )
    scatter(T.LlamaForCausalLM(config)).save_pretrained(folder)


def smolvlm(folder):
    """As SmolVLM-256M-Instruct is published: the classes of Idefics3."""
    places = [f"<row_{r}_col_{c}>" for r in range(1, 7) for c in range(1, 7)]
    special = ["<|im_start|>", "<end_of_utterance>", "<fake_token_around_image>", "<image>", "<global-img>", "<pad>"] + places
    words = tokenizer(special, bos_token="<|im_start|>", eos_token="<end_of_utterance>", pad_token="<pad>")
    images = T.Idefics3ImageProcessor(
        size={"longest_edge": 64}, max_image_size={"longest_edge": 32}, do_image_splitting=True, do_convert_rgb=True,
        image_mean=[0.5] * 3, image_std=[0.5] * 3,
    )
    T.Idefics3Processor(images, words, image_seq_len=4, chat_template=TURNS).save_pretrained(folder)
    text = dict(
        model_type="llama", hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=len(words), max_position_embeddings=1024, bos_token_id=0, eos_token_id=1, head_dim=8,
    )
    vision = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=4)
    config = T.Idefics3Config(
        image_token_id=words.convert_tokens_to_ids("<image>"), scale_factor=4, text_config=text, vision_config=vision,
        tie_word_embeddings=False, pad_token_id=5,
    )
    scatter(T.Idefics3ForConditionalGeneration(config)).save_pretrained(folder)


def world(folder, family, changes):
    """Thirty items, of which the teachers conflict on every third; a configuration beside them."""
    os.makedirs(folder, exist_ok=True)
    draw = random.Random(3)
    items, replies = [], []
    for n in range(30):
        truth = ["pristine", "falsified"][n % 2]
        other = ["falsified", "pristine"][n % 2]
        item = dict(id=f"i{n}", text=f"Caption number {n} of a photo", label=truth, split="train" if n < 26 else "test")
        if family == "smolvlm":
            item["image"] = f"{item['split']}{n % 5}.png"
            width, height = [(40, 40), (70, 30), (33, 64), (20, 25), (128, 90)][n % 5]
            pixels = bytes(draw.randrange(256) for _ in range(3 * width * height))
            Image.frombytes("RGB", (width, height), pixels).save(os.path.join(folder, item["image"]))
        items.append(item)
        says = {"a": truth, "b": other if n % 3 == 0 else truth, "c": truth if n % 6 else other}
        if n % 12 == 0:
            says = {name: other for name in says} | {"a": truth}
        replies.append(dict(id=item["id"], teachers={
            name: dict(label=label, rationale=f"Teacher {name} saw {'a shadow ' * (1 + (n + ord(name)) % 3)}there", confidence=0.5 + n % 5 / 10)
            for name, label in says.items()
        }))
    for name, rows in (("items.jsonl", items), ("replies.jsonl", replies)):
        with open(os.path.join(folder, name), "w") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    configuration = {
        "data": {"file": "items.jsonl", "fields": {"split": "split", "image": "image" if family == "smolvlm" else None}},
        "labels": [{"name": "pristine", "answer": "It is pristine."}, {"name": "falsified", "answer": "It is falsified."}],
        "positive": "falsified", "prompt": "{image} Is it used out of context? {text}" if family == "smolvlm" else "{text}?",
        "teachers": [{"name": name, "kind": "recorded", "file": "replies.jsonl"} for name in "abc"],
        "store": "store", "cache": "cache", "review": {"budget": 6},
        "student": {"model": "base", "lora": {"rank": 4}},
        "stage1": {"epochs": 2, "batch": 4, "learning_rate": 5e-3},
        "stage2": {"reference": "stage1_adapter", "epochs": 2, "batch": 2, "learning_rate": 5e-3},
        "evaluation": {"results": ["stage1", "two_stage"], "bootstrap": 10},
    }
    for path, value in changes.items():
        place = configuration
        *parents, last = path.split(".")
        for name in parents:
            place = place[name]
        place[last] = value
    with open(os.path.join(folder, "run.json"), "w") as file:
        json.dump(configuration, file)
    dict(llama=llama, smolvlm=smolvlm)[family](os.path.join(folder, "base"))


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")


def metrics(folder, stage):
    with open(os.path.join(folder, "metrics.jsonl")) as file:
        rows = [json.loads(line) for line in file]
    return [row["loss"] for row in rows if row["stage"] == stage]


def theirs(folder, stage):
    """The loss of each update by the trainer of train.py, and its last adapter."""
    spec = importlib.util.spec_from_file_location("train", os.path.join(folder, "train.py"))
    train = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(train)
    train.check_model()
    trainer = train.trainer_of(stage)
    losses = []
    step = trainer.training_step

    def watched(*arguments, **options):
        loss = step(*arguments, **options)
        losses.append((trainer.state.global_step, float(loss)))
        return loss

    trainer.training_step = watched
    trainer.train()
    place = os.path.join(folder, stage, "compared")
    trainer.model.save_pretrained(place, selected_adapters=["default"])
    updates = [0.0] * (1 + max(number for number, _ in losses))
    for number, loss in losses:
        updates[number] += loss
    return updates, load_file(os.path.join(place, "adapter_model.safetensors"))


CASES = {
    "llama": ("llama", {}),
    "smolvlm": ("smolvlm", {}),
    "smolvlm, tower and connector": ("smolvlm", {"student.lora": {"rank": 4, "vision": True}, "student.image_cache": False}),
    "llama, reference base": ("llama", {"stage2.reference": "base"}),
    "llama, no reference": ("llama", {"stage2.reference": "none"}),
    "smolvlm, no reference": ("smolvlm", {"stage2.reference": "none"}),
    "llama, replay, no SFT": ("llama", {"stage2.replay": 0.7, "stage2.sft_weight": 0}),
    "llama, replay": ("llama", {"stage2.replay": 0.7, "stage2.sft_weight": 0.5}),
    "llama, mixture": ("llama", {"stage2.loss": {"cdpo": 0.7, "bco_pair": 0.4}, "stage2.replay": 0.5, "stage2.ld_alpha": 0.6}),
    "llama, alpha": ("llama", {"stage2.f_divergence": "alpha", "stage2.loss": "exo_pair", "stage2.beta": 0.3}),
    "llama, DoRA and decay": ("llama", {"student.lora": {"rank": 4, "use_dora": True}, "stage1.weight_decay": 0.1, "stage1.schedule": "constant", "stage1.warmup": 0.2}),
    "llama, PiSSA": ("llama", {"student.lora": {"rank": 4, "init": "pissa"}, "stage1.schedule": "linear"}),
    "llama, labels alone": ("llama", {"student.answer": "label"}),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--distill", required=True)
    parser.add_argument("--work")
    parser.add_argument("--only")
    options = parser.parse_args()
    root = options.work or tempfile.mkdtemp()
    failed = False
    for name, (family, changes) in CASES.items():
        if options.only and options.only != name:
            continue
        folder = os.path.join(root, name.replace(" ", "-").replace(",", ""))
        shutil.rmtree(folder, ignore_errors=True)
        torch.manual_seed(0)
        world(folder, family, changes)
        config, out, training = (os.path.join(folder, part) for part in ("run.json", "run", "training"))
        run(options.distill, "run", config, "--out", out, "--through", "stage2", "-q")
        run(options.distill, "export-training", "--for", "trl", config, "--run", out, "--out", training, "-q")
        for stage in ("stage1", "stage2"):
            ours, (their, adapter) = metrics(out, stage), theirs(training, stage)
            own = load_file(os.path.join(out, stage, "adapter_model.safetensors"))
            if own.keys() != adapter.keys() or len(ours) != len(their):
                raise SystemExit(f"{name}, {stage}: {len(ours)} and {len(their)} updates, {own.keys() ^ adapter.keys()}")
            apart = max(float((own[key] - adapter[key]).abs().max()) for key in own)
            most = max(abs(a - b) for a, b in zip(ours, their))
            good = abs(ours[0] - their[0]) <= 1e-4
            failed = failed or not good
            print(
                f"{name}, {stage}: first loss {ours[0]:.6f} here, {their[0]:.6f} by TRL{'' if good else ' DIFFERS'}; over {len(ours)} updates "
                f"at most {most:.1e} apart, adapters {apart:.1e}", flush=True,
            )
    sys.exit(failed)


if __name__ == "__main__":
    main()
