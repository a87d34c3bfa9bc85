"""The representation report: what a set of pictures shows of people, measured without guessing at anyone.

Nobody's gender, ethnicity, religion or disability is read from a face. Groups are those that the *prompts* name, and
pictures are compared through pooled features. See `measures` for what is measured and `report.NOT_MEASURED` for
what is not.
"""
