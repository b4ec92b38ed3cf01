import sys
from PIL import Image
from pathlib import Path
for c in ("g99001","g99003","g34172"):
    ps=sorted(Path("/tmp/oeil",c).glob("[0-9]*.png"))
    for k in range(0,len(ps),6):
        ims=[Image.open(p).convert("RGB") for p in ps[k:k+6]]
        w=max(i.width for i in ims)
        rows=[ims[j:j+2] for j in range(0,len(ims),2)]
        H=sum(max(i.height for i in r) for r in rows)
        P=Image.new("RGB",(2*w+10,H),"white"); y=0
        for r in rows:
            for n,i in enumerate(r): P.paste(i,(n*(w+10),y))
            y+=max(i.height for i in r)
        P.save(f"/tmp/oeil/pl_{c}_{k//6}.png"); P.convert("L").save(f"/tmp/oeil/gris_{c}_{k//6}.png"); print(c,k,P.size)
