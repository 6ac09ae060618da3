"""The directions in which MiniLM's tokens are kept: makes ``adapters/embedders/minilm_basis.npy``.

    python -m bench.basis

The first principal directions of the states of word pieces of texts of the public sets, chosen by a
seed. They are not centred: what is compared is the angle. Prints how much of the squared length lies in
them, also of texts that were not chosen.
"""

import numpy as np
from numpy.typing import NDArray

from bench.sets import DATA, OUT, cranfield, tatqa, vaswani
from cairn import registry
from cairn.adapters.embedders import minilm

READ = {"cranfield": cranfield, "vaswani_npl": vaswani, "tatqa": tatqa}
EACH = 500
"""Texts of each set, and a tenth as many to look at what was not chosen."""
SEED = 1

Floats = NDArray[np.float32]


def main() -> None:
    """Choose, read, decompose, write."""
    embedder = registry.load("embedders", "minilm", home=OUT)
    chance = np.random.default_rng(SEED)
    chosen, others = list[str](), list[str]()
    for name, read in READ.items():
        texts = [f"{title}\n{text}" for _, title, text in read(DATA / name).documents]
        drawn = [texts[i] for i in chance.choice(len(texts), EACH + EACH // 10, replace=False)]
        chosen += drawn[:EACH]
        others += drawn[EACH:]
    states = _states(embedder, chosen)
    # Of the products of all states with themselves: as large as one state, however many there are.
    vectors = np.linalg.eigh(states.T.astype(np.float64) @ states)[1]
    basis = vectors[:, ::-1][:, : minilm.MiniLM.token_dimensions].astype(np.float32)
    np.save(minilm.BASIS, basis.astype(np.float16))
    for name, held in (("chosen", states), ("others", _states(embedder, others))):
        print(f"{name}: {len(held):,} word pieces, {((held @ basis) ** 2).sum() / len(held):.3f}")


def _states(embedder: minilm.MiniLM, texts: list[str]) -> Floats:
    return np.concatenate([tokens.vectors for tokens in embedder.tokens(texts)])


if __name__ == "__main__":
    main()
