"""Writes a small Llama of random weights as GGUF, for trying a server that reads such files.

    pip install "llama-cpp-python[server]" gguf
    python make_gguf.py tiny.gguf

It knows no language: its tokenizer has every byte as a token and a few pieces of an answer in JSON, and its answers are
noise. What can be tried is the way there and back: texts, log-probabilities, schemas, errors.
"""
import sys

import numpy
from gguf import GGUFWriter, TokenType

DIMENSIONS, LAYERS, HEADS, INNER, CONTEXT = 64, 2, 4, 128, 1024
PIECES = ["\u2581", "Yes", "No", "\u2581Yes", "\u2581No", "label", "rationale", "{", "}", '"', ":", ",", ".", "a", "e"]


def tokens():
    """Texts and types of all tokens: three special ones, every byte, the pieces."""
    bytes_ = [(f"<0x{byte:02X}>", TokenType.BYTE) for byte in range(256)]
    special = [("<unk>", TokenType.UNKNOWN), ("<s>", TokenType.CONTROL), ("</s>", TokenType.CONTROL)]
    return special + bytes_ + [(piece, TokenType.NORMAL) for piece in PIECES]


def main(path):
    writer = GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(DIMENSIONS)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(DIMENSIONS // HEADS)
    vocabulary = tokens()
    writer.add_vocab_size(len(vocabulary))
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _ in vocabulary])
    writer.add_token_types([kind for _, kind in vocabulary])
    writer.add_token_scores([-float(max(0, index - 258)) for index in range(len(vocabulary))])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)

    generator = numpy.random.default_rng(1)

    def matrix(name, rows, columns):
        writer.add_tensor(name, (generator.standard_normal((rows, columns)) * 0.2).astype(numpy.float32))

    matrix("token_embd.weight", len(vocabulary), DIMENSIONS)
    for layer in range(LAYERS):
        for name in ["attn_q", "attn_k", "attn_v", "attn_output"]:
            matrix(f"blk.{layer}.{name}.weight", DIMENSIONS, DIMENSIONS)
        matrix(f"blk.{layer}.ffn_gate.weight", INNER, DIMENSIONS)
        matrix(f"blk.{layer}.ffn_up.weight", INNER, DIMENSIONS)
        matrix(f"blk.{layer}.ffn_down.weight", DIMENSIONS, INNER)
        for name in ["attn_norm", "ffn_norm"]:
            writer.add_tensor(f"blk.{layer}.{name}.weight", numpy.ones(DIMENSIONS, numpy.float32))
    writer.add_tensor("output_norm.weight", numpy.ones(DIMENSIONS, numpy.float32))
    matrix("output.weight", len(vocabulary), DIMENSIONS)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main(sys.argv[1])
