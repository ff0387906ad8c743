"""Smaller models for one target language: output words and input words cut to what a run can need.

The projection onto a multilingual vocabulary is most of the work of a decoding step, and most of its rows belong to
other languages. Marian and Bergamot choose candidates sentence by sentence (lexical shortlists, Schwenk et al., 2007);
here one static list a language is cut out of the model itself, so that greedy output cannot differ as long as the full
model's choices lie inside the list.
"""
